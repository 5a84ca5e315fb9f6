//! A keep-alive connection for GETs, whose answers may be streams.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::error::{Doing, Error, Result};

/// The server's address in a base URL such as `http://127.0.0.1:8081`.
pub(crate) fn address_of(base_url: &str) -> Result<SocketAddr> {
    let authority = base_url.trim_start_matches("http://");
    authority.parse().map_err(|_| Error::Other(format!("{base_url} is no address of this machine")))
}

/// A connection that does not hold back what is short.
pub(crate) async fn connect(address: SocketAddr) -> Result<TcpStream> {
    let connecting = "connecting to the system (with many connections, raise `ulimit -n`)";
    let stream = TcpStream::connect(address).await.doing(connecting)?;
    stream.set_nodelay(true).doing(connecting)?;
    Ok(stream)
}

/// A connection.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = connect(address).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
        // Its errors are the sender's, too.
        tokio::spawn(connection);
        let host = HeaderValue::try_from(address.to_string()).expect("an address has no odd characters");
        Ok(Self { sender, host })
    }

    /// The text that answers a GET.
    pub(crate) async fn text(&mut self, path: &'static str, authorization: &'static str) -> Result<Bytes> {
        let body = self.get(Uri::from_static(path), authorization).await?;
        Ok(body.collect().await.map_err(failed)?.to_bytes())
    }

    /// The body of what answers a GET, if that is 200; it must be read before the next request.
    pub(crate) async fn get(&mut self, path: Uri, authorization: &'static str) -> Result<Incoming> {
        let what = format!("GET {path}");
        let mut request = Request::new(Full::default());
        *request.uri_mut() = path;
        request.headers_mut().insert(HOST, self.host.clone());
        request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static(authorization));
        let answer = self.sender.send_request(request).await.map_err(failed)?;
        let status = answer.status();
        if status != 200 {
            return Err(Error::Other(format!("{what} is answered {status}")));
        }
        Ok(answer.into_body())
    }
}

fn failed(error: hyper::Error) -> Error {
    Error::Other(format!("HTTP: {error}"))
}
