package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/chat/chattest"
)

// A heard platform hands over by itself what people do on it.
type heard struct {
	*simulated
	inbox chan chat.Inbox
}

func (h *heard) Run(ctx context.Context, in chat.Inbox) error {
	h.inbox <- in
	return h.simulated.Run(ctx, in)
}

// TestSimulated checks that simulated platforms keep the contract of real ones.
func TestSimulated(t *testing.T) {
	for _, m := range []manners{alpha, beta} {
		t.Run(m.name, func(t *testing.T) {
			chattest.TestPlatform(t, func(t *testing.T) chattest.Stage {
				h := &heard{newSimulated(m, newClock().Now), make(chan chat.Inbox, 1)}
				from := chat.Sender{Account: chat.NewAccountID(m.name, "w", "asker"), Name: "asker"}
				t.Cleanup(func() {
					if len(h.pings) > 0 {
						t.Errorf("strange: %q", h.pings)
					}
				})
				return chattest.Stage{
					Platform: h,
					Say: func(text string) {
						in := <-h.inbox
						h.inbox <- in
						e, _ := h.say(from, chat.Direct(from.Account), text)
						if err := in.Accept(t.Context(), e); err != nil {
							t.Error(err)
						}
					},
					Seen: func() string {
						var text strings.Builder
						for _, m := range h.see(from.Account) {
							text.WriteString(m.text + "\n")
						}
						return text.String()
					},
				}
			})
		})
	}
}

// A scene is a simulated platform with someone in #help.
type scene struct {
	*simulated
	clock *clock
	asker chat.Sender
	help  chat.Place
}

func newScene(m manners) *scene {
	c := newClock()
	return &scene{
		newSimulated(m, c.Now), c,
		chat.Sender{Account: chat.NewAccountID(m.name, "w", "asker"), Name: "asker"},
		chat.Place{Platform: m.name, Workspace: "w", Channel: "#help"},
	}
}

// send delivers words, in place of sent if that is not zero.
func (s *scene) send(r chat.Reply, sent chat.Receipt) (chat.Receipt, error) {
	r.Deed = chat.Post
	if !sent.IsZero() {
		r.Deed = chat.Replace
	}
	r.Blocks = []chat.Block{{Layout: chat.Paragraph, Text: chat.Plain("words")}}
	return s.Send(context.Background(), chat.Delivery{ID: "1.0", Reply: r, Sent: sent, Try: 1})
}

// private is an answer for the asker alone, to a command of theirs.
func (s *scene) private() chat.Reply {
	e, err := s.run(s.asker, s.help, "/ask why?")
	if err != nil {
		panic(err) // at the top of a channel every platform takes commands
	}
	return chat.Reply{Place: s.help, Only: s.asker.Account, Handle: e.Handle}
}

// TestManners checks where words come to stand, and why not.
func TestManners(t *testing.T) {
	const beyond = time.Hour // than any handle lives
	tests := []struct {
		name  string
		do    func(s *scene) (chat.Receipt, error)
		alpha string
		beta  string
	}{
		{"channel", func(s *scene) (chat.Receipt, error) {
			return s.send(chat.Reply{Place: s.help}, chat.Receipt{})
		}, "#help", "#help"},
		{"direct", func(s *scene) (chat.Receipt, error) {
			return s.send(chat.Reply{Place: chat.Direct(s.asker.Account)}, chat.Receipt{})
		}, "@asker for asker", "@asker for asker"},
		{"closed", func(s *scene) (chat.Receipt, error) {
			if err := s.closeDirect(s.asker.Account); err != nil {
				return chat.Receipt{}, err
			}
			return s.send(chat.Reply{Place: chat.Direct(s.asker.Account)}, chat.Receipt{})
		}, "direct messages cannot be closed here", errDMsClosed.Error()},
		{"expelled", func(s *scene) (chat.Receipt, error) {
			s.expel(s.help)
			return s.send(chat.Reply{Place: s.help}, chat.Receipt{})
		}, errNotThere.Error(), errNotThere.Error()},
		{"apart", func(s *scene) (chat.Receipt, error) {
			return s.send(chat.Reply{Place: chat.Apart(s.help, s.asker.Account)}, chat.Receipt{})
		}, errNoPrivate.Error(), "thread for asker"},
		{"thread of a message that is gone", func(s *scene) (chat.Receipt, error) {
			_, m := s.say(s.asker, s.help, "why?")
			place := m.place
			place.Thread = string(m.id)
			s.delete(m)
			return s.send(chat.Reply{Place: place}, chat.Receipt{})
		}, errNoThread.Error(), errNoMessage.Error()},
		{"thread that had begun before", func(s *scene) (chat.Receipt, error) {
			_, m := s.say(s.asker, s.help, "why?")
			place := m.place
			place.Thread = string(m.id)
			if _, err := s.send(chat.Reply{Place: place}, chat.Receipt{}); err != nil {
				return chat.Receipt{}, err
			}
			s.delete(m)
			return s.send(chat.Reply{Place: place}, chat.Receipt{})
		}, errNoThread.Error(), "thread, thread"},
		{"thread that was deleted", func(s *scene) (chat.Receipt, error) {
			_, m := s.say(s.asker, s.help, "why?")
			place := m.place
			place.Thread = string(m.id)
			if _, err := s.deleteThread(place); err != nil {
				return chat.Receipt{}, err
			}
			return s.send(chat.Reply{Place: place}, chat.Receipt{})
		}, "that cannot be deleted here", errNoChannel.Error()},
		{"private, with a handle", func(s *scene) (chat.Receipt, error) {
			return s.send(s.private(), chat.Receipt{})
		}, "#help for asker", "#help for asker"},
		{"private, with an old handle", func(s *scene) (chat.Receipt, error) {
			r := s.private()
			s.clock.advance(beyond)
			return s.send(r, chat.Receipt{})
		}, "#help for asker", "@asker for asker"},
		{"private, changed", func(s *scene) (chat.Receipt, error) {
			r := s.private()
			sent, err := s.send(r, chat.Receipt{})
			if err != nil {
				return sent, err
			}
			return s.send(r, sent)
		}, "#help for asker", "#help for asker"},
		{"private, changed too late", func(s *scene) (chat.Receipt, error) {
			r := s.private()
			sent, err := s.send(r, chat.Receipt{})
			if err != nil {
				return sent, err
			}
			s.clock.advance(beyond)
			return s.send(r, sent)
		}, "#help for asker, #help for asker", "#help for asker, @asker for asker"},
	}
	for _, test := range tests {
		for m, want := range map[*manners]string{&alpha: test.alpha, &beta: test.beta} {
			t.Run(test.name+"/"+m.name, func(t *testing.T) {
				s := newScene(*m)
				receipt, err := test.do(s)
				var all []string
				for _, m := range s.standing {
					if m.by != nil {
						continue
					}
					got := m.place.Channel
					if m.place.Thread != "" {
						got = "thread"
					}
					if reader := s.reader(m); reader != "" {
						got += " for " + reader.User()
					}
					all = append(all, got)
				}
				got := strings.Join(all, ", ")
				if err != nil {
					got = err.Error()
				} else if s.find(receipt) == nil {
					t.Errorf("nothing stands at %+v", receipt)
				}
				if got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	}
}

// TestHearing checks which words are for the bot, and where they are said.
func TestHearing(t *testing.T) {
	for _, m := range []manners{alpha, beta} {
		s := newScene(m)
		said := func(place chat.Place, text string) (addressed bool, at chat.Place) {
			e, _ := s.say(s.asker, place, text)
			return e.Addressed, e.Place
		}
		answer := func(place chat.Place) chat.Receipt {
			r, err := s.send(chat.Reply{Place: place}, chat.Receipt{})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		if addressed, _ := said(s.help, "lunch?"); addressed {
			t.Errorf("%s: words in a channel are heard", m.name)
		}
		addressed, at := said(s.help, "@signpost why?")
		if !addressed || (at.Thread != "") != m.threads {
			t.Errorf("%s: a mention is heard: %t, at %s", m.name, addressed, at)
		}
		answer(at)
		if addressed, next := said(s.help, "and then?"); addressed || m.threads && next != at {
			t.Errorf("%s: what follows an answer is heard: %t, at %s", m.name, addressed, next)
		}
		desk := s.help
		desk.Channel = "#desk"
		desk.Thread = string(answer(desk).Message)
		answer(desk)
		if addressed, _ := said(desk, "between us"); addressed {
			t.Errorf("%s: words under a card are heard", m.name)
		}
		if addressed, _ := said(desk, "@signpost claim"); !addressed {
			t.Errorf("%s: a mention under a card is not heard", m.name)
		}
		if e, err := s.run(s.asker, desk, "/ticket claim"); (err == nil) != m.slashInside {
			t.Errorf("%s: a command in a thread is %+v, %v", m.name, e, err)
		}
	}
}

// TestCarry checks that files come through whole or not at all.
func TestCarry(t *testing.T) {
	s, other := newScene(beta), newScene(alpha)
	place := other.help
	r := chat.Reply{Key: "k", Deed: chat.Post, Place: s.help}
	for _, f := range []chat.File{
		other.attach("invoice.pdf", 2000), other.attach("broken.pdf", 2000), other.attach("film.mp4", beta.limits.File+1), {ID: "F99", Name: "unknown"},
	} {
		r.Files = append(r.Files, chat.Attachment{File: f, From: place})
	}
	open := func(ctx context.Context, a chat.Attachment) (io.ReadCloser, error) { return other.Fetch(ctx, a) }
	receipt, err := s.Send(t.Context(), chat.Delivery{ID: "1.0", Reply: r, Open: open, Try: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := []chat.Missing{
		{Name: "broken.pdf", Cause: "the file breaks off"}, {Name: "film.mp4", Cause: "the file is too large"}, {Name: "unknown", Cause: "there is no file F99"},
	}
	if diff := cmp.Diff(want, receipt.Missing); diff != "" {
		t.Error(diff)
	}
	files := s.find(receipt).files
	if len(files) != 1 || files[0].Name != "invoice.pdf" || files[0].Size != 2000 {
		t.Fatalf("files = %+v", files)
	}
	if want, _, _ := sum(contents(r.Files[0].File)); files[0].sum != want {
		t.Error("the bytes changed on their way")
	}
	if receipt, finding, err := s.Confirm(t.Context(), chat.Delivery{ID: "1.0", Reply: r}); finding != chat.Found || err != nil || len(receipt.Missing) != len(want) {
		t.Errorf("Confirm = %+v, %s, %v", receipt, finding, err)
	}
}

// TestFault checks that a delivery can be broken before it is done, and after.
func TestFault(t *testing.T) {
	broken := errors.New("broken")
	for _, after := range []bool{false, true} {
		s := newScene(alpha)
		s.fault = func(_ chat.Delivery, done bool) error {
			if done == after {
				return broken
			}
			return nil
		}
		if _, err := s.send(chat.Reply{Place: s.help}, chat.Receipt{}); !errors.Is(err, broken) {
			t.Errorf("Send = %v", err)
		}
		if stands := len(s.see(s.asker.Account)) == 1; stands != after {
			t.Errorf("broken after: %t, stands: %t", after, stands)
		}
	}
}
