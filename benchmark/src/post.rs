//! A keep-alive connection for POSTs that costs little: what the load generator takes of the machine, the system lacks.
//!
//! One request at a time, by one write and as a rule one read, all in the caller's task.

use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::connect;
use crate::error::Result;

/// More than any answer has.
const MOST_HEADERS: usize = 32;

/// A connection.
pub(crate) struct Connection {
    stream: TcpStream,
    address: SocketAddr,
    /// Of the request that is sent, then of its answer.
    bytes: Vec<u8>,
    /// A request has failed, or the server has said that its answer is the last one.
    is_over: bool,
}

/// An answer that has been read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
    is_last: bool,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        Ok(Self { stream: connect(address).await?, address, bytes: Vec::with_capacity(1024), is_over: false })
    }

    /// Whether it can take a request; not if the server has closed it.
    pub(crate) fn is_open(&self) -> bool {
        // Between two requests there is nothing to be read but the end.
        let nothing = self.stream.try_read(&mut [0]).map_err(|error| error.kind());
        !self.is_over && nothing == Err(ErrorKind::WouldBlock)
    }

    /// Posts JSON and reads the answer. Whether the request was done is not known after an error; the connection is over.
    pub(crate) async fn post(&mut self, path: &str, json: &str) -> io::Result<Answer> {
        self.is_over = true;
        let (host, length) = (self.address, json.len());
        self.bytes.clear();
        write!(
            self.bytes,
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{json}"
        )?;
        self.stream.write_all(&self.bytes).await?;
        self.bytes.clear();
        let answer = loop {
            if self.stream.read_buf(&mut self.bytes).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(answer) = parse(&self.bytes)? {
                break answer;
            }
        };
        self.is_over = answer.is_last;
        Ok(answer)
    }
}

/// Nothing if there is more of it to come.
fn parse(bytes: &[u8]) -> io::Result<Option<Answer>> {
    let invalid = |what: String| io::Error::new(ErrorKind::InvalidData, what);
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let head = response.parse(bytes).map_err(|error| invalid(error.to_string()))?;
    let httparse::Status::Complete(head_bytes) = head else {
        return Ok(None);
    };
    let status = response.code.unwrap_or_default();
    let (mut location, mut length, mut is_last) = (None, None, false);
    for header in &*response.headers {
        let value = || String::from_utf8_lossy(header.value);
        if header.name.eq_ignore_ascii_case("content-length") {
            length = value().parse::<usize>().ok();
        } else if header.name.eq_ignore_ascii_case("location") {
            location = Some(value().into_owned());
        } else if header.name.eq_ignore_ascii_case("connection") {
            is_last = value().eq_ignore_ascii_case("close");
        }
    }
    let length = length.ok_or_else(|| invalid(format!("an answer {status} without a Content-Length")))?;
    let body = bytes.get(head_bytes..head_bytes + length);
    Ok(body.map(|body| Answer { status, location, body: body.to_vec(), is_last }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_its_end() {
        let bytes =
            b"HTTP/1.1 201 Created\r\nLocation: /a\r\nConnection: close\r\ncontent-length: 3\r\n\r\nabc";
        let (location, body) = (Some("/a".to_owned()), b"abc".to_vec());
        assert_eq!(parse(bytes).unwrap(), Some(Answer { status: 201, location, body, is_last: true }));
        for part in 0..bytes.len() {
            assert_eq!(parse(&bytes[..part]).unwrap(), None, "{part} bytes of it");
        }
    }

    #[test]
    fn what_has_no_end_is_no_answer() {
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(parse(b"SSH-2.0\r\n").is_err());
    }
}
