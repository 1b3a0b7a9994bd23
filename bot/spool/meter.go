package spool

import (
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A Meter is told what happens on the way, to count and time it. Its methods
// are called by many goroutines and must not block.
type Meter interface {
	// Accepted: an event came in; fresh unless it was a copy.
	Accepted(e chat.Event, fresh bool, took time.Duration)
	// Finished: an outcome was committed, waited after the event was accepted
	// and handled, conflicts and all, for took.
	Finished(e chat.Event, o Outcome, waited, took time.Duration)
	// Failed: handling failed, for good if buried.
	Failed(e chat.Event, buried bool)
	// Sent: a try to deliver ended, for took. How: delivered, limited, failed,
	// confirmed, uncertain, undeliverable or dropped.
	Sent(l Letter, how string, took time.Duration)
	// Trouble: the store failed in a step: accept, handle, deliver, fire, trim.
	Trouble(step string)
}

// Unmetered counts nothing.
type Unmetered struct{}

func (Unmetered) Accepted(chat.Event, bool, time.Duration)                   {}
func (Unmetered) Finished(chat.Event, Outcome, time.Duration, time.Duration) {}
func (Unmetered) Failed(chat.Event, bool)                                    {}
func (Unmetered) Sent(Letter, string, time.Duration)                         {}
func (Unmetered) Trouble(string)                                             {}
