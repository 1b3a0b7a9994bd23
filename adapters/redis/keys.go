package redis

import (
	"fmt"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// keys names everything that one installation stores. Its value is the prefix
// of them all, signpost:{main}:, whose braces put every key of an installation
// on one node of a Redis Cluster.
//
// Some keys become known only inside a script: lease.lua picks a lane, head.lua
// a ticket, fire.lua a timer. Such scripts get the prefix and join it with one of the names
// below. They stay within the node, because the braces are in the prefix.
//
// Times are Unix milliseconds. What no line says is trimmed stays for good.
type keys string

func newKeys(installation string) keys { return keys("signpost:{" + installation + "}:") }

// The way of an event.

// seen (zset): identities of accepted events by the time they came. Accept now
// and then drops some that are older than spool.Remembered, and Trim the rest.
func (k keys) seen() string { return string(k) + "seen" }

// event (hash), by record id, until the event is finished or buried:
//
//	value     the event, JSON
//	person    who sent it
//	at        when it was accepted
//	token     proves the newest lease
//	failures  how many times it failed
//	cause     of the newest failure
//	number    the ticket number it reserved
//	head:D    the number of the ticket it reserved at desk D, padded
//	head:D/N  the Nth of them, from the second on
func (k keys) event(id string) string { return string(k) + "event:" + id }

// lane (list): record ids of its events, oldest first, until they are done.
func (k keys) lane(lane chat.Lane) string { return string(k) + "lane:" + string(lane) }

// ready (zset): every lane that has events, by the time its head may be taken.
// A lease moves that time to its own end, so a lane whose worker died comes
// back by itself.
func (k keys) ready() string { return string(k) + "ready" }

// done (zset): steps that were taken under a lease, as "finish TOKEN", by their
// time, so that a repeat is known. Accept now and then drops some that are older
// than repeatable, and Trim the rest.
func (k keys) done() string { return string(k) + "done" }

// pending (hash): how many are not done yet, by field:
//
//	events      events
//	replies:P   replies to the platform P
func (k keys) pending() string { return string(k) + "pending" }

// timers (zset): names of timers by the time they are due.
func (k keys) timers() string { return string(k) + "timers" }

// A timer (hash), timer:<name>, until it comes due or is taken away:
//
//	id      record id that its event will have
//	value   the event, JSON
//	lane    of the event
//	person  whom the event is from
//
// Only finish.lua and fire.lua know the key.

// dead (zset): ids of dead letters by the time they died. Trim drops them.
func (k keys) dead() string { return string(k) + "dead" }

// deadLetter (hash), by record id of the event or id of the reply that died:
//
//	kind      event or reply
//	value     it, JSON
//	cause     why it died
//	at        when
//	failures  of an event
//	tries     of a reply
func (k keys) deadLetter(id string) string { return string(k) + "dead:" + id }

// What adapters must know again: chat.Memory.

// token (hash), by handle, until its end has passed and Token or Trim drops it:
//
//	value  the token, a secret; no field once it is used up
//	uses   how many are left
//	until  when it ends
func (k keys) token(h chat.ReplyHandle) string { return string(k) + "token:" + string(h) }

// tokens (zset): handles by the time their tokens end. Each Token drops two that
// have ended, and Trim the rest.
func (k keys) tokens() string { return string(k) + "tokens" }

// cursors (hash), by platform: how far what has a name has got.
func (k keys) cursors(platform string) string { return string(k) + "cursors:" + platform }

// marks (zset), by platform: places by the time they were marked last. Each Mark
// of a place drops two that are older than chat.Marking, and Trim the rest.
func (k keys) marks(platform string) string { return string(k) + "marks:" + platform }

// marking (set): the platforms that have marks.
func (k keys) marking() string { return string(k) + "marking" }

// hold (hash), by name, until it is given back or trimmed: owner and fence.
func (k keys) hold(name string) string { return string(k) + "hold:" + name }

// holds (zset): names of holds by the time they run out. Trim drops those that
// ran out spool.Remembered ago.
func (k keys) holds() string { return string(k) + "holds" }

// fence (string): the highest number given to a holder.
func (k keys) fence() string { return string(k) + "fence" }

// Records. Each is a hash:
//
//	version   counts the times it was saved
//	value     the record, JSON
//	in:K      its member in the index K, one field for each index it stands in
//	reserved  a ticket's: record id of the event that reserved it last, and, as
//	          its Nth from the second on, /N

// Trim drops conversations, lines of the ledger and closed tickets. Persons stay
// until they are forgotten.
func (k keys) conversation(id chat.ConversationID) string {
	return string(k) + "conversation:" + string(id)
}

func (k keys) ticket(id chat.TicketID) string { return string(k) + "ticket:" + string(id) }

func (k keys) person(id chat.PersonID) string { return string(k) + "person:" + string(id) }

// newest (hash), by lane: the conversation that began last and its ticket. Trim
// drops it with the conversation.
func (k keys) newest(lane chat.Lane) string { return string(k) + "newest:" + string(lane) }

// conversations (zset): ids of conversations by the time of their newest word,
// or, after Trim has passed one whose ticket is live, when to look again.
func (k keys) conversations() string { return string(k) + "conversations" }

// number (string): the highest ticket number that was reserved.
func (k keys) number() string { return string(k) + "number" }

// Indexes of tickets. A ticket's member is its number, padded; finish.lua moves
// it.

// rank (zset), by desk: its open tickets by Ticket.Rank.
func (k keys) rank(desk string) string { return string(k) + "rank:" + desk }

// due (zset), by desk: its open tickets that have a due time, by that time. A
// member is rank and number, both padded: equal times order by rank.
func (k keys) due(desk string) string { return string(k) + "due:" + desk }

// duePriority (zset), by desk and priority: like due, those of one priority.
func (k keys) duePriority(desk string, p desk.Priority) string {
	return string(k) + "due_" + p.String() + ":" + desk
}

// holder (zset), by person: the live tickets they hold, by the time of claim.
func (k keys) holder(id chat.PersonID) string { return string(k) + "holder:" + string(id) }

// live (zset): the live tickets of all desks, by the time of opening.
func (k keys) live() string { return string(k) + "live" }

// liveOf (zset), by desk: its live tickets, by number.
func (k keys) liveOf(desk string) string { return string(k) + "live:" + desk }

// idle (zset), by desk: its live tickets, by the time of their LatestWord.
func (k keys) idle(desk string) string { return string(k) + "idle:" + desk }

// load (zset), by person: the tickets they hold whose next move is theirs, by
// the time of claim.
func (k keys) load(id chat.PersonID) string { return string(k) + "load:" + string(id) }

// closed (zset): the closed tickets of all desks, by the time of closing. Trim
// drops them.
func (k keys) closed() string { return string(k) + "closed" }

// listedClosed (string): when Upgrade began to put those of older versions into
// it, or that it has put all.
func (k keys) listedClosed() string { return string(k) + "closed_listed" }

// asker (zset), by person: the tickets they opened, by the time of opening.
func (k keys) asker(id chat.PersonID) string { return string(k) + "asker:" + string(id) }

// Index of persons.

// onCall (zset), by desk: ids of the persons on call, by the time since when.
func (k keys) onCall(desk string) string { return string(k) + "oncall:" + desk }

// The ledger: a record line:<id> for each question that was asked, and counts.

func (k keys) line(id desk.LineID) string { return string(k) + "line:" + string(id) }

// ledger (zset): ids of all lines by the time of their question.
func (k keys) ledger() string { return string(k) + "ledger" }

// questions (zset), by person: ids of their lines, likewise.
func (k keys) questions(id chat.PersonID) string { return string(k) + "questions:" + string(id) }

// gaps (zset), by desk: ids of the lines that show that an article is missing or
// does not do, likewise.
func (k keys) gaps(desk string) string { return string(k) + "gaps:" + desk }

// tally (hash), by desk and day: what happened, by field: see tallyField. Trim
// drops it after spool.TalliesKept.
func (k keys) tally(desk, day string) string { return string(k) + "tally:" + day + ":" + desk }

// tallies (zset): the keys of tallies after the prefix and "tally:", by their
// day.
func (k keys) tallies() string { return string(k) + "tallies" }

// waits (list), by desk: the newest waits for a first reply, JSON, newest first.
// It is cut to desk.MaxWaits.
func (k keys) waits(desk string) string { return string(k) + "waits:" + desk }

// Sets that replicas follow.

// set (hash), by name: values of its members.
func (k keys) set(name spool.Set) string { return string(k) + "set:" + string(name) }

// setVersion (string), by name: how often that hash has changed.
func (k keys) setVersion(name spool.Set) string { return string(k) + "set_version:" + string(name) }

// What was learned.

// aliases (hash): each alias by its id, JSON.
func (k keys) aliases() string { return string(k) + "aliases" }

// aliasVersion (string): how often that hash has changed.
func (k keys) aliasVersion() string { return string(k) + "alias_version" }

// The audit: who did what.

// audit (stream): the sealed lines, each under its number and -0: its text and
// its seal. Trim drops the oldest.
func (k keys) audit() string { return string(k) + "audit" }

// auditOpen (list): lines that are not sealed yet, oldest first.
func (k keys) auditOpen() string { return string(k) + "audit_open" }

// auditChain (hash): number and seal of the newest line that was dropped, first
// and first_seal, and of the newest one that was sealed, last and last_seal.
func (k keys) auditChain() string { return string(k) + "audit_chain" }

// audit_number (string) is the number of the newest line, sealed or not. Only
// audit.lua knows the key.

// The way of a reply.

// reply (hash), by id, until the reply is delivered or discarded:
//
//	value  the reply, JSON
//	key    its Key
//	deed   its Deed
//	like   what a newer one must share to take its place: see the method queued
//	at     when it was queued
//	token  proves the newest lease
//	tries  how many times it was leased
//	since  when it was first
//	begun  how many tries were begun and not ended; none: no field
func (k keys) reply(id string) string { return string(k) + "reply:" + id }

// outbox (list), by place: ids of its replies, oldest first, until they are
// delivered or discarded.
func (k keys) outbox(p chat.Place) string { return string(k) + "outbox:" + p.String() }

// out (zset), by platform: every place that has replies, by the time its head
// may be taken. A lease moves that time, as in ready.
func (k keys) out(platform string) string { return string(k) + "out:" + platform }

// waiting (hash), by place: the newest reply of each Key that was queued and not
// begun since, by Key.
func (k keys) waiting(p chat.Place) string { return string(k) + "waiting:" + p.String() }

// sending (hash): the place of each leased reply, by token.
func (k keys) sending() string { return string(k) + "sending" }

// pace (string), by platform: when all replies so far would be through at its
// mean rate.
func (k keys) pace(platform string) string { return string(k) + "pace:" + platform }

// paced (zset), by platform: places by the time they may be written to again;
// where the platform's Pace is Whole, channels. Each lease of a reply drops two
// that are past.
func (k keys) paced(platform string) string { return string(k) + "paced:" + platform }

// A crowd (zset), crowd:<channel>, where the platform's Pace is Whole: the
// channel and threads of it that have replies and wait for their turn, by the
// time they began to. Each leaves it with its turn, or when its last reply is
// dropped.
//
// Only finish.lua and lease_reply.lua know the key.

// receipt (string), by Key: the message that stands under it, and the ticket it
// is about, JSON. Trim drops it.
func (k keys) receipt(key chat.Key) string { return string(k) + "receipt:" + string(key) }

// posted (string), by channel and message: the Key that the message stands
// under, its ticket and conversation, JSON. It goes with the receipt.
func (k keys) posted(channel chat.Place, m chat.MessageID) string {
	return string(k) + "posted:" + channel.Outside().String() + "/" + string(m)
}

// receipts (zset): Keys by the time they were delivered, or, after Trim has
// passed one whose ticket is live, when to look again.
func (k keys) receipts() string { return string(k) + "receipts" }

// numberMember is a ticket's member in all indexes but due. Members of equal
// length order like their numbers.
func numberMember(number int64) string { return fmt.Sprintf("%015d", number) }

// dueMember is a ticket's member in due. The sum keeps a rank positive even if
// the ticket was opened before 1970.
func dueMember(t desk.Ticket) string {
	return fmt.Sprintf("%016d:%s", t.Rank()+1e15, numberMember(t.Number))
}
