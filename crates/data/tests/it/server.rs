//! An HTTP/1.1 server on loopback that can misbehave: one request per connection.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::tiny::{IMAGES, IMAGES_GZ, LABELS_GZ};

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub path: String,
    /// The first byte requested.
    pub from: Option<usize>,
}

/// An answer; the connection is closed afterwards, once `hold` is over.
pub struct Answer {
    pub head: String,
    pub body: Vec<u8>,
    pub hold: Duration,
}

pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// `answer` receives the request and its number for this file, counted from 0.
    pub fn start(answer: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/tiny/", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), requests.clone());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answer, log) = (answer.clone(), log.clone());
                thread::spawn(move || serve(stream, &*answer, &log));
            }
        });
        Self { url, requests }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    answer: &(impl Fn(&Request, usize) -> Answer + ?Sized),
    log: &Mutex<Vec<Request>>,
) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let path = first.split(' ').nth(1).unwrap().to_owned();
    let mut from = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        let line = line.to_ascii_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = Some(range.trim_end_matches('-').parse().unwrap());
        }
    }
    let request = Request { path, from };
    let number = {
        let mut log = log.lock().unwrap();
        log.push(request.clone());
        log.iter().filter(|earlier| earlier.path == request.path).count() - 1
    };
    let Answer { head, body, hold } = answer(&request, number);
    // The client may hang up first, which its own assertions examine.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
    thread::sleep(hold);
}

/// The requested file.
pub fn file(request: &Request) -> &'static [u8] {
    if request.path.ends_with(&format!("{IMAGES}.gz")) { IMAGES_GZ } else { LABELS_GZ }
}

pub fn answer(status: &str, headers: &str, body: &[u8]) -> Answer {
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n");
    Answer { head, body: body.to_vec(), hold: Duration::ZERO }
}

/// The answer of a correct server.
pub fn good(request: &Request) -> Answer {
    good_of(file(request), request)
}

/// The answer of a correct server with another file.
pub fn good_of(file: &[u8], request: &Request) -> Answer {
    let from = request.from.unwrap_or(0);
    let length = format!("Content-Length: {}\r\n", file.len() - from);
    if from == 0 {
        return answer("200 OK", &length, file);
    }
    let range = format!("Content-Range: bytes {from}-{}/{}\r\n", file.len() - 1, file.len());
    answer("206 Partial Content", &format!("{length}{range}"), &file[from..])
}

/// The answer of a server without ranges.
pub fn whole(request: &Request) -> Answer {
    good(&Request { path: request.path.clone(), from: None })
}

/// An answer that ends after the first half of the body.
pub fn half(mut answer: Answer) -> Answer {
    answer.body.truncate(answer.body.len() / 2);
    answer
}
