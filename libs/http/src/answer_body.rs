use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use crate::activity::OpenRequest;
use crate::unread::Unread;

/// What is handed over at a time: a whole answer would lie in the connection's buffers until its client reads it, and nobody would know how far it has.
const PIECE: usize = 16 * 1024;

/// The body of an answer, piece by piece; its request is open until the last is handed over.
pub(crate) struct AnswerBody {
    body: Body,
    /// What of the last frame is not handed over yet.
    rest: Bytes,
    /// Bytes of the piece that was handed over last.
    offered: usize,
    unread: Option<Arc<Unread>>,
    _open: OpenRequest,
}

impl AnswerBody {
    /// `unread`: who is told how the client reads.
    pub(crate) fn new(body: Body, open: OpenRequest, unread: Option<Arc<Unread>>) -> Self {
        Self { body, rest: Bytes::new(), offered: 0, unread, _open: open }
    }

    fn next_piece(&mut self) -> Frame<Bytes> {
        let mut piece = self.rest.split_to(PIECE.min(self.rest.len()));
        if self.unread.is_some() && self.rest.is_empty() {
            // The last piece may wait in the connection's buffers for a client who opens no window, and nobody watches it any more: it must not keep the
            // whole answer.
            piece = Bytes::copy_from_slice(&piece);
        }
        self.offered = piece.len();
        if let Some(unread) = &self.unread {
            unread.offer();
        }
        Frame::data(piece)
    }
}

impl hyper::body::Body for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(unread) = &self.unread {
            unread.took(self.offered);
        }
        self.offered = 0;
        if self.rest.is_empty() {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                end => return Poll::Ready(end),
            };
            match frame.into_data() {
                Ok(data) => self.rest = data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        Poll::Ready(Some(Ok(self.next_piece())))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let mut hint = self.body.size_hint();
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}
