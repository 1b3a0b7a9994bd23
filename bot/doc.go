// Package bot is what Signpost does: an event comes in, an outcome goes out.
// It is also the place to begin reading; this is the tour.
//
// # One question, from end to end
//
// Someone writes "I want my money back".
//
//  1. The platform's adapter (adapters/console, later slack and discord) turns
//     it into a [chat.Event] and hands it to the inbox. Nothing is acknowledged
//     before it is stored.
//  2. The spool (bot/spool) stores it at the end of its lane: a thread, or a
//     person in a channel. A worker leases the head of the lane.
//  3. [Bot.Handle] reads what it needs through a [spool.View] and returns a
//     [spool.Outcome]: records as they should be, replies to be sent. It writes
//     nothing, so it can be run again when something changed under it.
//  4. Finish checks that nothing did, and commits the whole outcome in one step.
//  5. The sender delivers the replies, in order per place, through the adapter.
//
// Platform → adapter → Accept → Handle → Finish → sender → adapter → platform.
//
// # Where things are
//
// Inside this package, by file:
//
//	bot.go        the Bot, its settings and what it works with
//	turn.go       the handling of one event: what was read, what will change
//	ask.go        questions, follow-ups, edits: what is answered, and when not
//	later.go      what happens after a while: overheard questions, the nudge
//	answer.go     how an answer looks
//	press.go      the buttons under an answer, and browsing
//	escalate.go   from conversation to ticket, and the asker's side of it
//	commands.go   the one table of everything that can be done, and its parser
//	tickets.go    the agents' verbs
//	teach.go      what those who ask next gain by a ticket: an article that is found
//	draft.go      and one that is to be written
//	snippet.go    the desk's written answers: sending one
//	snippets.go   and reading their files
//	markup.go     the little Markdown that they have
//	transcript.go a ticket as a file
//	watch.go      who hears of what is said on a ticket
//	bulk.go       several tickets at once
//	made.go       files of our own, made when they are sent
//	route.go      which desk a ticket goes to, and how it moves to another
//	oncall.go     who is on call, and how tickets are given to them
//	card.go       how a ticket looks to an agent, in their hands and in a desk's channel
//	relay.go      words on their way between asker and agents, and how they fare
//	news.go       what becomes of a ticket, on its way to the asker
//	merge.go      tickets that go with another
//	feedback.go   what askers say of the help they got
//	block.go      who may not write to the desks
//	link.go       accounts that are one person's
//	privacy.go    what is kept of someone: telling them, sending it, forgetting it
//	channel.go    where questions to nobody are answered
//	doors.go      mentions, emoji and menus: what leads into the table besides commands
//	front.go      what platforms ask in the same breath: forms, typeahead
//	home.go       the bot's own page
//	access.go     who may do what; the only place that decides
//	audit.go      what a turn leaves in the audit: who did what
//	words.go      our sentences, from words/en.yaml and its translations
//
// Around it:
//
//	bot/chat            words all parts share: events, replies, places, buttons
//	bot/conversation    one asker's exchange: what was asked and shown
//	bot/desk            tickets, their states, the order they are worked in
//	bot/spool           the durable path, and the contract of its store
//	knowledge           articles, and Library.Find
//	knowledge/semantic  what texts mean: vectors, and the model in the program
//	adapters/embedding  a server that tells what texts mean
//	adapters/helpcentre where articles come from: sitemaps, help centres, files
//	adapters/redis      the store; the same code on a Redis inside the process
//	adapters/web        health, metrics
//	config              file and environment to one checked Config
//	main.go             the commands, and the wiring: it alone knows every part
//	testdata/script     whole conversations, told as a person sees them
//
// # Rules that hold everywhere
//
// Addressed, we always answer, or say why not; overheard, we are silent unless
// sure. An asker speaks to us in the thread of their own conversation without a
// mention; anyone else's word there is overheard. Private audiences do not exist for those who may not read them, in any
// door. A stranger's words are never markup. Whoever acts on a button checks
// the person and every argument again, for both come from outside. Rules stand
// on plain types without I/O, and time comes in as an argument.
package bot
