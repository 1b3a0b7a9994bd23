// Package chat holds the words that every part shares: events that come from a
// platform, replies that go to one, the places, people, buttons, forms and
// commands in them, and the contracts between a platform's adapter and the
// rest. It is plain data and small rules; it imports nothing of ours and does
// no I/O.
package chat
