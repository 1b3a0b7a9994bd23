// Package spool is the durable path of an event: accepted, leased to a worker,
// handled, finished with everything it changes, and its replies delivered. What
// was accepted is handled once, whatever dies in between.
//
// The Store keeps it all; the worker and the sender move it along. A Handler
// only reads and says what should change, so that it can be run again.
package spool
