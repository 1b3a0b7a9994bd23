package bot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

// Here is the short news of a ticket that its asker gets. It goes the ways of an
// agent's words: where one is closed, the next is tried. If none is left, it
// stays unsaid: where others read too, nothing is told of it.

// newsReport is the first part of what news brings back: then come ticket, news
// and how often it was tried.
const newsReport = "news/"

// bring tells the asker of a ticket what became of it, in their language, where
// they asked.
func (t *turn) bring(k *desk.Ticket, news desk.News) error { return t.bringTo(k, news, k.Place, 1) }

func (t *turn) bringTo(k *desk.Ticket, news desk.News, place chat.Place, try int) (err error) {
	t.forAsker(k, func() {
		r := chat.Reply{Place: place, Purpose: chat.Notifying, Lang: t.lang, Ticket: k.ID, Report: newsOf(k, news, try)}
		if r.Blocks, err = t.newsBlocks(k, news); err != nil {
			return
		}
		if k.Private && !k.Direct && place == k.Place {
			r.Only = k.Asker.Account
		}
		t.post(r)
	})
	return err
}

// newsOf is what news of a ticket brings back.
func newsOf(k *desk.Ticket, news desk.News, try int) string {
	return fmt.Sprintf("%s%s/%s/%d", newsReport, k.ID, news, try)
}

// newsBlocks words news, in the turn's language.
func (t *turn) newsBlocks(k *desk.Ticket, news desk.News) ([]chat.Block, error) {
	a := args{"Ticket": k.ID, "Name": t.holderFor(k)}
	switch news {
	case desk.Opened:
		place, err := t.placeLines(k)
		blocks := append([]chat.Block{t.text("ticket_opened", a)}, place...)
		return append(append(blocks, t.teamBack(k)...), row(t.cancelButton(k))), err
	case desk.Taken:
		return []chat.Block{contextLine(t.words.say(t.lang, "claimed_asker", a))}, nil
	case desk.Moved:
		return []chat.Block{contextLine(t.words.say(t.lang, "moved_asker", a))}, nil
	case desk.Nagged:
		return t.reminder(k), nil
	case desk.Settled:
		done := k.Last(desk.DidResolve)
		a["Name"] = t.signed(k, desk.Agent{ID: done.By, Name: done.Name})
		return []chat.Block{t.text("resolved_asker", a), t.ratingRow(k)}, nil
	case desk.Expired:
		return []chat.Block{t.text("expired_asker", a), t.ratingRow(k)}, nil
	case desk.Ended:
		return []chat.Block{t.text("closed_asker", a)}, nil
	case desk.Back:
		return []chat.Block{t.text("reopened_asker", a)}, nil
	}
	return nil, fmt.Errorf("news %q has no words", news)
}

// reportedNews reads what news brought back. The ticket is nil if it is none of ours,
// or the news is no longer true.
func (t *turn) reportedNews(of string) (k *heldTicket, news desk.News, try int, err error) {
	parts := strings.Split(of, "/")
	if len(parts) != 3 {
		return nil, "", 0, nil
	}
	news = desk.News(parts[1])
	try, bad := strconv.Atoi(parts[2])
	k, err = t.kin(chat.TicketID(parts[0]))
	if bad != nil || try < 1 || err != nil || k == nil || !k.Value.Still(news) {
		return nil, "", 0, err
	}
	return k, news, try, nil
}

// newsArrived goes on with a ticket where news has reached its asker, if that
// was not where they were before.
func (t *turn) newsArrived(of string) error {
	if strings.HasSuffix(of, "/1") {
		return nil // as most of it does
	}
	k, _, _, err := t.reportedNews(of)
	if k == nil || err != nil {
		return err
	}
	t.keepTicket(k)
	return t.moveTo(&k.Value, t.event.Place)
}

// newsLost tries another way to a ticket's asker.
func (t *turn) newsLost(of string) error {
	k, news, try, err := t.reportedNews(of)
	if k == nil || err != nil {
		return err
	}
	if k.Value.Seeks() { // words do, too; it comes after them
		k.Value.Untold = append(slices.Clone(k.Value.Untold), news)
		t.keepTicket(k)
		return nil
	}
	ways := slices.DeleteFunc(ways(&k.Value), func(place chat.Place) bool { return place == t.event.Place })
	if try > len(ways) {
		t.log.Info("news did not reach an asker", "event", t.event.ID, "ticket", k.Value.ID, "news", news)
		return nil
	}
	return t.bringTo(&k.Value, news, ways[try-1], try+1)
}

// bringUntold brings the news that was to come after words.
func (t *turn) bringUntold(k *desk.Ticket) error {
	untold := k.Untold
	k.Untold = nil
	for _, news := range untold {
		if !k.Still(news) {
			continue
		}
		if err := t.bring(k, news); err != nil {
			return err
		}
	}
	return nil
}

// ways are the places to reach an asker at, in the order they are tried: where
// they are, their direct messages, and a private thread of the channel they
// asked in.
func ways(k *desk.Ticket) []chat.Place {
	places := []chat.Place{k.Place}
	if direct := chat.Direct(k.Asker.Account); direct != k.Place {
		places = append(places, direct)
	}
	if !direct(k.Origin) {
		places = append(places, chat.Apart(k.Origin.Outside(), k.Asker.Account))
	}
	return places
}
