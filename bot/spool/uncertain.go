package spool

import "github.com/signpost-bot/signpost/bot/chat"

// A verdict is what happens to a reply whose delivery was begun and never
// reported, when the platform cannot say what became of it.
type verdict string

const (
	again  verdict = "again"  // sent once more; twice at worst
	warned verdict = "warned" // sent once more, with a remark that it may be there already
	never  verdict = "never"  // given up; not at all at worst
)

// uncertain is the rule for each kind of reply. Where the platform can tell,
// found is taken as delivered and absent as not begun, whatever the kind.
//
//	reply                        why
//	replaced, removed            doing it twice is doing it once
//	words between people         losing them is worst: once more, visibly
//	private answers              at most once: they may hold what a person asked alone
//	public answers               an asker without an answer is worse than two answers
//	news of a ticket             likewise
func uncertain(r chat.Reply) verdict {
	switch {
	case r.Deed != chat.Post:
		return again
	case r.Purpose == chat.Relaying:
		return warned
	case r.Only != "" && r.Purpose == chat.Answering:
		return never
	}
	return again
}
