package redis

import (
	"fmt"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

// keys names everything that one installation stores. Its value is the prefix
// of them all, signpost:{main}:, whose braces put every key of an installation
// on one node of a Redis Cluster.
//
// Some keys become known only inside a script: lease.lua picks a lane, head.lua
// a ticket. Such scripts get the prefix and join it with one of the names
// below. They stay within the node, because the braces are in the prefix.
//
// Times are Unix milliseconds. What no line says is trimmed stays for good.
type keys string

func newKeys(installation string) keys { return keys("signpost:{" + installation + "}:") }

// The way of an event.

// seen (zset): identities of accepted events by the time they came. Each Accept
// drops two that are older than spool.Remembered.
func (k keys) seen() string { return string(k) + "seen" }

// event (hash), by record id, until the event is finished or buried:
//
//	value     the event, JSON
//	person    who sent it
//	token     proves the newest lease
//	failures  how many times it failed
//	cause     of the newest failure
//	number    the ticket number it reserved
//	head:D    the number of the ticket it reserved at desk D, padded
func (k keys) event(id string) string { return string(k) + "event:" + id }

// lane (list): record ids of its events, oldest first, until they are done.
func (k keys) lane(lane chat.Lane) string { return string(k) + "lane:" + string(lane) }

// ready (zset): every lane that has events, by the time its head may be taken.
// A lease moves that time to its own end, so a lane whose worker died comes
// back by itself.
func (k keys) ready() string { return string(k) + "ready" }

// done (zset): steps that were taken under a lease, as "finish TOKEN", by their
// time, so that a repeat is known. Each Lease drops up to 16 that are older
// than repeatable.
func (k keys) done() string { return string(k) + "done" }

// pending (hash): how many events and replies are not done yet.
func (k keys) pending() string { return string(k) + "pending" }

// dead (zset): record ids of dead letters by the time they died.
func (k keys) dead() string { return string(k) + "dead" }

// deadLetter (hash), by record id of the event or id of the reply that died:
// value (JSON), cause, at, and failures or tries.
func (k keys) deadLetter(id string) string { return string(k) + "dead:" + id }

// Records. Each is a hash:
//
//	version   counts the times it was saved
//	value     the record, JSON
//	in:K      its member in the index K, one field for each index it stands in
//	reserved  a ticket's: record id of the event that reserved it last

func (k keys) conversation(id chat.ConversationID) string {
	return string(k) + "conversation:" + string(id)
}

func (k keys) ticket(id chat.TicketID) string { return string(k) + "ticket:" + string(id) }

func (k keys) person(id chat.PersonID) string { return string(k) + "person:" + string(id) }

// newest (hash), by lane: the conversation that began last and its ticket.
func (k keys) newest(lane chat.Lane) string { return string(k) + "newest:" + string(lane) }

// number (string): the highest ticket number that was reserved.
func (k keys) number() string { return string(k) + "number" }

// Indexes of tickets. A ticket's member is its number, padded; finish.lua moves
// it.

// rank (zset), by desk: its open tickets by Ticket.Rank.
func (k keys) rank(desk string) string { return string(k) + "rank:" + desk }

// due (zset), by desk: its open tickets that have a due time, by that time. A
// member is rank and number, both padded: equal times order by rank.
func (k keys) due(desk string) string { return string(k) + "due:" + desk }

// holder (zset), by person: the live tickets they hold, by the time of claim.
func (k keys) holder(id chat.PersonID) string { return string(k) + "holder:" + string(id) }

// asker (zset), by person: the tickets they opened, by the time of opening.
func (k keys) asker(id chat.PersonID) string { return string(k) + "asker:" + string(id) }

// The way of a reply.

// reply (hash), by id, until the reply is delivered or discarded:
//
//	value  the reply, JSON
//	key    its Key
//	token  proves the newest lease
//	tries  how many times it was leased
func (k keys) reply(id string) string { return string(k) + "reply:" + id }

// outbox (list), by place: ids of its replies, oldest first, until they are
// delivered or discarded.
func (k keys) outbox(p chat.Place) string { return string(k) + "outbox:" + p.String() }

// out (zset), by platform: every place that has replies, by the time its head
// may be taken. A lease moves that time, as in ready.
func (k keys) out(platform string) string { return string(k) + "out:" + platform }

// receipt (string), by Key: the message that stands under it, JSON.
func (k keys) receipt(key chat.Key) string { return string(k) + "receipt:" + string(key) }

// numberMember is a ticket's member in all indexes but due. Members of equal
// length order like their numbers.
func numberMember(number int64) string { return fmt.Sprintf("%015d", number) }

// dueMember is a ticket's member in due. The sum keeps a rank positive even if
// the ticket was opened before 1970.
func dueMember(t desk.Ticket) string {
	return fmt.Sprintf("%016d:%s", t.Rank()+1e15, numberMember(t.Number))
}
