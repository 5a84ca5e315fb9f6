//! What goes over the wire: lines of text. The first one names the speaker and the packet's number, each other one is a
//! change: its topic, and its data as JSON. Whoever is not interested in a topic reads no further than that.

use std::io::Write;

use serde::Serialize;
use uuid::Uuid;

/// Changes on their way into a packet.
#[derive(Default)]
pub(super) struct Changes {
    lines: Vec<u8>,
    count: usize,
}

/// What a listener gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    pub speaker: Uuid,
    /// That of the latest packet with changes, this one if it has any.
    pub number: u64,
    /// Topics and data.
    pub changes: Vec<(Uuid, &'a str)>,
}

impl Changes {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Adds `more` after these.
    pub(super) fn append(&mut self, more: Self) {
        self.lines.extend(more.lines);
        self.count += more.count;
    }

    fn push(&mut self, topic: Uuid, data: &impl Serialize) {
        write!(self.lines, "{topic} ").expect("memory takes everything");
        serde_json::to_writer(&mut self.lines, data).expect("changes are plain data");
        self.lines.push(b'\n');
        self.count += 1;
    }
}

impl<T: Serialize> FromIterator<(Uuid, T)> for Changes {
    fn from_iter<I: IntoIterator<Item = (Uuid, T)>>(changes: I) -> Self {
        let mut lines = Self::default();
        changes.into_iter().for_each(|(topic, data)| lines.push(topic, &data));
        lines
    }
}

impl<'a> Packet<'a> {
    pub(super) fn write(speaker: Uuid, number: u64, changes: &Changes) -> Vec<u8> {
        let mut packet = format!("{speaker} {number}\n").into_bytes();
        packet.extend_from_slice(&changes.lines);
        packet
    }

    /// `None` if it is no packet.
    pub(super) fn read(packet: &'a [u8]) -> Option<Self> {
        let mut lines = str::from_utf8(packet).ok()?.lines().map(|line| {
            let (id, rest) = line.split_once(' ')?;
            Some((Uuid::try_parse(id).ok()?, rest))
        });
        let (speaker, number) = lines.next()??;
        Some(Self { speaker, number: number.parse().ok()?, changes: lines.collect::<Option<_>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let [speaker, topic, other] = [(); 3].map(|()| Uuid::now_v7());
        let mut changes: Changes = [(topic, "two\nlines and \u{2028}")].into_iter().collect();
        changes.append([(other, 7)].into_iter().collect());
        assert_eq!(changes.len(), 2);
        let packet = Packet::write(speaker, 12, &changes);
        let read = Packet::read(&packet).unwrap();
        let expected = vec![(topic, "\"two\\nlines and \u{2028}\""), (other, "7")];
        assert_eq!(read, Packet { speaker, number: 12, changes: expected });
        assert_eq!(Packet::read(&Packet::write(speaker, 0, &Changes::default())).unwrap().changes, []);
    }

    #[test]
    fn what_is_no_packet_is_not_read() {
        let speaker = Uuid::now_v7();
        let broken =
            ["", "\n", "{}", &format!("{speaker}"), &format!("{speaker} x"), &format!("{speaker} 1\nx 1\n")];
        for packet in broken {
            assert_eq!(Packet::read(packet.as_bytes()), None, "{packet}");
        }
        assert_eq!(Packet::read(&[0xff, b' ', b'1']), None);
    }
}
