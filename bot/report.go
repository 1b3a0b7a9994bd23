package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// A Picture is what is drawn of figures: bars, one beside the other, each of
// several parts, one on the other.
type Picture struct {
	Title  string
	Labels []string // below the bars
	Series []Series // from below
}

// A Series is one part of every bar.
type Series struct {
	Name   string
	Values []int // as many as Labels
}

const (
	reportTimer = "report/" // and the desk
	// reported (set) has, by desk, when it reported last, or when it was first
	// known that it does.
	reported spool.Set = "reports"
	// reportGaps is how many gaps are named in a report.
	reportGaps = 5
	// reportLate is how long after its time a report is still worth reading.
	reportLate = 3 * day
)

// report tells the channels of a desk how its week has been, if that is due and
// was not told yet, and sets a timer for the next time. What reports were told
// is known, so it does not matter how often this is called, or how late.
func (t *turn) report(name string) error {
	d := t.access.desk(name)
	channels := channelsOf(d)
	if !d.Report.On || len(channels) == 0 {
		return nil
	}
	zone := d.Hours.Zone()
	next := d.Report.Next(t.at, zone)
	t.out.Timers = append(t.out.Timers, spool.Timer{
		Name: reportTimer + name, Due: next, Event: chat.Event{Kind: chat.Tick, Place: channels[0]},
	})
	was, err := t.view.Member(t.ctx, reported, name)
	if err != nil && !errors.Is(err, spool.ErrNotFound) {
		return err
	}
	last := d.Report.Last(t.at, zone)
	told, parseErr := time.Parse(time.RFC3339, was)
	if parseErr == nil && !told.Before(last) {
		return nil
	}
	t.out.Sets = append(t.out.Sets, spool.SetChange{Set: reported, Member: name, Value: last.Format(time.RFC3339), If: &was})
	if was == "" || t.at.Sub(last) > reportLate {
		return nil // the first one comes when its time does
	}
	t.lang = t.words.speak(t.settings.Languages[0])
	t.alone = false // agents of all kinds read it
	to := last.Truncate(day)
	w, err := weekOf(t.ctx, t.view, d, to, t.at)
	if err != nil {
		return err
	}
	blocks, err := t.reportBlocks(w)
	if err != nil {
		return err
	}
	date := to.Format(time.DateOnly)
	var pictures []chat.Attachment
	if t.draw != nil && w.figures[desk.Share{}].Questions > 0 {
		pictures = []chat.Attachment{{File: chat.File{Name: "week-" + date + ".png", Type: "image/png"}, Made: "report/" + name + "/" + date}}
	}
	for _, channel := range channels {
		t.post(chat.Reply{
			Key: chat.Key("report/" + name + "/" + date + "/" + channel.String()), Place: channel, Purpose: chat.Notifying,
			Blocks: blocks, Files: pictures,
		})
	}
	return nil
}

// reports has every desk report that has to.
func (t *turn) reports() error {
	for _, d := range t.settings.Desks {
		if err := t.report(d.Name); err != nil {
			return err
		}
	}
	return nil
}

// reportBlocks lays a week out for everyone at a desk: its figures, but not
// those of each agent, and what articles miss.
func (t *turn) reportBlocks(w *week) ([]chat.Block, error) {
	from, to := w.from.Format(time.DateOnly), w.to.Add(-day).Format(time.DateOnly)
	blocks := []chat.Block{{Layout: chat.Heading, Text: chat.Plain(t.line("report_title", args{"Desk": w.desk, "From": from, "To": to}))}}
	blocks = append(blocks, t.weekBlocks(w)...)
	lines, _, err := t.readGaps(w.desk, w.from)
	if err != nil || len(lines) == 0 {
		return blocks, err
	}
	blocks = append(append(blocks, t.text("report_gaps")), t.gapBlocks(gapsOf(lines), reportGaps)...)
	return append(blocks, contextLine(t.words.say(t.lang, "report_more"))), nil
}

// makeReport draws the picture of a desk's week before a day, which is named
// support/2026-03-09.
func (b *Bot) makeReport(ctx context.Context, of string) ([]byte, error) {
	i := strings.LastIndexByte(of, '/')
	to, err := time.Parse(time.DateOnly, of[i+1:])
	if i < 0 || err != nil {
		return nil, fmt.Errorf("%q is no week of a desk", of)
	}
	from := to.Add(-statsDays * day)
	list, err := b.reader.Tallies(ctx, of[:i], from, to)
	if err != nil {
		return nil, err
	}
	if b.draw == nil {
		return nil, errors.New("no pictures are drawn here")
	}
	return b.draw(b.weekPicture(b.words.speak(b.settings.Languages[0]), list, from))
}

// weekPicture shows how the questions of each day ended.
func (b *Bot) weekPicture(lang string, list []desk.Tally, from time.Time) Picture {
	p := Picture{Title: b.words.line(lang, "picture_title"), Series: []Series{
		{Name: b.words.line(lang, "picture_helped")}, {Name: b.words.line(lang, "picture_silent")},
		{Name: b.words.line(lang, "picture_open")}, {Name: b.words.line(lang, "picture_tickets")},
	}}
	names := strings.Fields(b.words.line(lang, "picture_days"))
	for at := from; at.Before(from.Add(statsDays * day)); at = at.Add(day) {
		var today []desk.Tally
		for _, t := range list {
			if t.Day.Equal(at) {
				today = append(today, t)
			}
		}
		f := desk.Summarise(today)[desk.Share{}]
		p.Labels = append(p.Labels, names[int(at.Weekday())%len(names)])
		helped, tickets := f.Endings[desk.Helped], f.Endings[desk.Escalated]
		for i, n := range []int{helped, f.Accepted, f.Questions - helped - f.Accepted - tickets, tickets} {
			p.Series[i].Values = append(p.Series[i].Values, n)
		}
	}
	return p
}
