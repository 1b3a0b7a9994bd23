package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/chat/chattest"
)

// TestTranscript plays whole conversations through a pipe.
func TestTranscript(t *testing.T) {
	tests := []struct{ name, input string }{
		{"ask", `
i want my money back
2
This Helped
This helped
9
/quit
never read
`},
		{"form", `
i want my money back
contact us

/ticket-like words are a value
this is far too long for the field
refund
9
payments

`},
		{"form left", `
i want my money back
3
short
/cancel
3
/as ana
1
/as you
3
/ticket queue
/cancel
i want my money back
3
the input ends here`},
		{"places", `
/in #help
is this for you?
Hey @SignPost, is THIS for you?
mail me@signpost.com
/ask how do refunds work
1
/in #help/t1
@signpost in a thread
no mention, and the bot will tell
/as ana @agents @leads lang:pt-BR
hi there, in private
/in #help
2
/in dm
/as ana
/in #help
/as you
/in help
/in @ana
/as no spaces!
/as
/as bo lang:?
`},
		{"change", `
/edit too early
i wnat my money back
/edit i want my money back
/attach no-such-file.pdf 2048
/attach testdata/ten bytes.bin 7
/attach
/react :tada:
/delete
/delete
`},
		{"wait", `
/wait 90m
/wait 1d12h
/wait
/wait tomorrow
/wait 0s
/wait 400d
i want my money back
3
/wait 2s
`},
		{"unknown", `
/tikcet claim T-1
/hlep
/frobnicate
/
/stats today
/help
`},
		{"desk", `
i want my money back
3
refund
2

/as ana @agents
/in #desk
1
/ticket forget
`},
		{"trouble", "\xff\xfe \x1b[31mred\x1b[0m \u202Eevil\r\nfail to accept\nfail to open\n/ask fail to open\n" +
			strings.Repeat("long ", maxLine/5+1) + "\nshort again\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			input := strings.TrimPrefix(test.input, "\n")
			got, err := play(t.Context(), strings.NewReader(input))
			if err != nil {
				t.Fatal(err)
			}
			chattest.Golden(t, filepath.Join("talk", strings.ReplaceAll(test.name, " ", "-")+".txt"), []byte(got))
		})
	}
}

// FuzzLine checks that whatever is typed, and comes back from the bot, leaves
// the terminal alone, and that Run ends.
func FuzzLine(f *testing.F) {
	f.Add("i want my money back\n1\n")
	f.Add("i want my money back\ncontact us\n\n\nrefund\n2\n")
	f.Add("/as ana @a lang:pt\n/in #x/y\n@signpost \x1b]0;title\x07\n/edit \u202Ex\n/attach a b 9\n/delete")
	f.Add("/wait 3d\n/wait 9999999999999d1h\n/wait 1d-5h")
	f.Add("/in #\n/\n//\n/ticket\n/react \xff\n\r\r\n\x00")
	f.Fuzz(func(t *testing.T, input string) {
		got, err := play(t.Context(), strings.NewReader(input))
		if err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return r != '\n' && clean(string(r)) != string(r) }); i >= 0 {
			t.Errorf("output has a control character: %q", got[i:])
		}
	})
}

// TestRunEndsWithContext reads from a pipe on which nothing comes. The bubble
// ends only once every goroutine has.
func TestRunEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, _ := io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if err := New(Options{In: reader, Out: io.Discard, Front: &bot{}}).Run(ctx, &bot{}); err != nil {
				t.Errorf("Run = %v", err)
			}
		})
		synctest.Wait()
		cancel()
		group.Wait()
	})
}

// TestInterruptFile cuts the read of a file short that nobody writes to.
func TestInterruptFile(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer writer.Close()
	c := New(Options{In: reader, Out: writer, Front: &bot{}})
	done := make(chan error)
	go func() {
		_, err := c.readLine()
		done <- err
	}()
	if !c.interrupt() {
		t.Fatal("a pipe of our own cannot be interrupted")
	}
	if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read = %v", err)
	}
}

// TestQuiet checks that the next line is read only after all answers.
func TestQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		b := &bot{slow: time.Hour}
		c := New(Options{In: strings.NewReader("hello?\nbye?\n"), Out: &out, Front: b, Quiet: b.quiet})
		b.console = c
		if err := c.Run(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); !strings.HasSuffix(got, "you › hello?\nYou said m1: hello?\n\nyou › bye?\nYou said m2: bye?\n\n") {
			t.Errorf("out of order:\n%s", got)
		}
	})
}

func TestSend(t *testing.T) {
	var out bytes.Buffer
	c := New(Options{In: strings.NewReader(""), Out: &out, Front: &bot{}})
	reply := chat.Reply{Deed: chat.Post, Place: direct("you"), Blocks: paragraph("hi")}

	if _, finding, _ := c.Confirm(t.Context(), chat.Delivery{ID: "d1"}); finding != chat.Absent {
		t.Errorf("Confirm before Send = %s", finding)
	}
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			if _, err := c.Send(t.Context(), chat.Delivery{ID: fmt.Sprintf("d%d", i), Reply: reply}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got, want := out.String(), strings.Repeat("hi\n\n", 20); got != want {
		t.Errorf("output = %q", got)
	}
	receipt, finding, err := c.Confirm(t.Context(), chat.Delivery{ID: "d1"})
	if err != nil || finding != chat.Found || receipt.Place != reply.Place || receipt.Message == "" {
		t.Errorf("Confirm after Send = %v, %s, %v", receipt, finding, err)
	}

	elsewhere := reply
	elsewhere.Place.Platform = "slack"
	stranger := reply
	stranger.Only = "slack:T1:U1"
	for _, r := range []chat.Reply{elsewhere, stranger} {
		if _, err := c.Send(t.Context(), chat.Delivery{Reply: r}); !errors.Is(err, chat.ErrUndeliverable) {
			t.Errorf("Send to %s for %q = %v, want undeliverable", r.Place, r.Only, err)
		}
	}

	gone := chat.Delivery{ID: "gone", Reply: reply, Sent: chat.Receipt{Place: reply.Place, Message: "b99"}}
	gone.Reply.Deed = chat.Replace
	out.Reset()
	if _, err := c.Send(t.Context(), gone); err != nil || out.String() != "hi\n\n" {
		t.Errorf("replacing what is gone = %q, %v; want it posted anew", out.String(), err)
	}
}

func TestWriteFails(t *testing.T) {
	reader, writer := io.Pipe()
	reader.Close()
	c := New(Options{In: strings.NewReader("hello\n"), Out: writer, Front: &bot{}})
	if err := c.Run(t.Context(), &bot{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Run = %v, want the write error", err)
	}
	_, err := c.Send(t.Context(), chat.Delivery{Reply: chat.Reply{Place: direct("you")}})
	if !errors.Is(err, chat.ErrUndeliverable) {
		t.Errorf("Send = %v, want undeliverable", err)
	}
}

// play runs one conversation with the scripted bot and returns what it prints.
func play(ctx context.Context, in io.Reader) (string, error) {
	var out bytes.Buffer
	b := &bot{}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	b.console = New(Options{
		In: in, Out: &out, Front: b, Quiet: b.quiet,
		Agents: []string{"ana", "bo"}, Notice: "Tickets last until you leave.",
		Now:  func() time.Time { return now },
		Wait: func(_ context.Context, d time.Duration) error { now = now.Add(d); return nil },
	})
	err := b.console.Run(ctx, b)
	return out.String(), err
}

// A bot answers by a fixed script, each event in a goroutine of its own.
type bot struct {
	console *Console
	slow    time.Duration // before every answer
	work    sync.WaitGroup
	sent    map[chat.Key]chat.Receipt
	sends   int
}

func (b *bot) quiet(context.Context) error { b.work.Wait(); return nil }

func (b *bot) Accept(_ context.Context, e chat.Event) error {
	if e.Text == "fail to accept" {
		return errors.New("store is away")
	}
	b.work.Go(func() {
		<-time.After(b.slow) // of a bubble's clock, or none
		b.handle(e)
	})
	return nil
}

func (b *bot) send(r chat.Reply) {
	if b.sent == nil {
		b.sent = map[chat.Key]chat.Receipt{}
	}
	if r.Deed == "" {
		r.Deed = chat.Post
	}
	b.sends++
	d := chat.Delivery{ID: fmt.Sprint(b.sends), Reply: r, Sent: b.sent[r.Key], Try: 1}
	receipt, err := b.console.Send(context.Background(), d)
	if err != nil {
		panic(err)
	}
	b.sent[r.Key] = receipt
}

func (b *bot) handle(e chat.Event) {
	switch e.Kind {
	case chat.Message:
		switch {
		case !e.Addressed:
		case e.Text == "i want my money back":
			b.send(chat.Reply{Key: "answer", Place: e.Place, Blocks: answer})
		default:
			who := ""
			if e.From.Locale != "" {
				who = fmt.Sprintf(" as %s with %v in %s", e.From.Name, e.From.Roles, e.From.Locale)
			}
			b.send(chat.Reply{Place: e.Place, Blocks: paragraph("You said " + string(e.Message) + who + ": " + e.Text)})
		}
	case chat.Edit:
		b.send(chat.Reply{Place: e.Place, Blocks: paragraph(fmt.Sprintf("Now %s/%s reads %q with %v", e.Message, e.Stamp, e.Text, e.Files))})
	case chat.Delete:
		b.send(chat.Reply{Place: e.Place, Blocks: paragraph(fmt.Sprintf("You took %s back", e.Message))})
	case chat.Reaction:
		b.send(chat.Reply{Place: e.Place, Blocks: paragraph(fmt.Sprintf("%s on %s", e.Emoji, e.Message))})
	case chat.Slash:
		if e.Text == "forget" {
			b.send(chat.Reply{Key: "card", Deed: chat.Remove, Place: e.Place})
			return
		}
		b.send(chat.Reply{Place: e.Place, Only: e.From.Account, Blocks: []chat.Block{
			{Layout: chat.Paragraph, Text: chat.Plain("/" + e.Door + " " + e.Text)},
			{Layout: chat.Buttons, Buttons: []chat.Button{{Label: "Share", Action: chat.Do("share")}}},
		}})
	case chat.Press:
		switch e.Action.Verb {
		case "more":
			b.send(chat.Reply{Key: "answer", Deed: chat.Replace, Place: e.Place, Blocks: []chat.Block{
				answer[0], {Layout: chat.Buttons, Buttons: []chat.Button{{Label: "This helped", Action: chat.Do("helped")}}},
			}})
		case "claim":
			b.send(chat.Reply{Key: "card", Deed: chat.Replace, Place: e.Place, Blocks: paragraph("T-1 is with " + e.From.Name)})
		default:
			b.send(chat.Reply{Place: e.Place, Blocks: paragraph(fmt.Sprintf("%s on %s", e.Action, e.Message))})
		}
	case chat.Submit:
		b.send(chat.Reply{Place: e.Place, Blocks: paragraph(fmt.Sprintf("%s %v: ticket T-1", e.Action, e.Values))})
		b.send(chat.Reply{Key: "card", Place: chat.Place{Platform: platform, Workspace: workspace, Channel: "#desk"}, Blocks: []chat.Block{
			{Layout: chat.Heading, Text: chat.Plain("T-1 " + e.Values["question"])},
			{Layout: chat.Facts, Facts: []chat.Fact{{Name: "Topic", Value: chat.Plain(e.Values["topic"])}, {Name: "By", Value: chat.Plain(e.From.Name)}}},
			{Layout: chat.Buttons, Buttons: []chat.Button{{Label: "Claim", Action: chat.Do("claim", "T-1")}}},
		}})
	}
}

func (b *bot) Lookup(e chat.Event) (chat.Command, bool) {
	return chat.Command{}, e.Door == "stats" || e.Door == "ticket"
}

func (b *bot) Parse(door, text string) (chat.Invocation, error) {
	claim := chat.Command{Door: "ticket", Verb: "claim", Params: []chat.Param{{Name: "id", Kind: chat.TicketParam}, {Name: "note", Kind: chat.TextParam}}}
	ask := chat.Command{Door: "ask", Params: []chat.Param{{Name: "question", Kind: chat.TextParam}}}
	switch verb, _, _ := strings.Cut(text, " "); {
	case door == "ask":
		return chat.Invocation{Command: ask}, nil
	case verb == "claim":
		return chat.Invocation{}, &chat.UsageError{Door: door, Verb: verb, Command: &claim}
	default:
		return chat.Invocation{}, &chat.UsageError{Door: door, Verb: verb}
	}
}

func (b *bot) Open(_ context.Context, e chat.Event) (*chat.Form, error) {
	switch {
	case e.Text == "fail to open":
		return nil, errors.New("store is away")
	case e.Action.Verb != "contact":
		return nil, nil
	}
	return &chat.Form{
		Action: chat.Do("open", "c1"), Title: "Contact us", Submit: "Send",
		Fields: []chat.Field{
			{Name: "question", Label: "Your question", Kind: chat.Lines, Max: 32},
			{Name: "topic", Label: "Topic", Kind: chat.Pick, Value: "ref", Options: []chat.Option{{Label: "Refunds", Value: "ref"}, {Label: "Payments", Value: "pay"}}},
			{Name: "order", Label: "Order number", Kind: chat.Line, Optional: true},
		},
	}, nil
}

func (b *bot) Check(e chat.Event) map[string]string {
	if strings.HasPrefix(e.Values["question"], "/") {
		return map[string]string{"question": "please use words"}
	}
	return nil
}

func (b *bot) Home(context.Context, chat.Sender) (chat.Home, error) { return chat.Home{}, nil }

func (b *bot) Sorry(chat.Sender) string { return "" }

func (b *bot) Suggest(_ context.Context, q chat.Typing) []chat.Option {
	return []chat.Option{{Label: "a suggestion", Value: fmt.Sprintf("<%s|%s|%s|%s>", q.Door, q.Verb, q.Param, q.Text)}}
}

func paragraph(s string) []chat.Block {
	return []chat.Block{{Layout: chat.Paragraph, Text: chat.Plain(s)}}
}

var answer = []chat.Block{
	{Layout: chat.Paragraph, Text: chat.ParseBold("Answering as **Buyer**")},
	{Layout: chat.Paragraph, Text: chat.Link("How do I request a refund?", "https://help.example/refund")},
	{Layout: chat.Context, Text: chat.Plain("Buyer › Refunds")},
	{Layout: chat.Quote, Text: chat.Plain("Open your purchases.\nPress Refund.")},
	{Layout: chat.Buttons, Buttons: []chat.Button{
		{Label: "This helped", Action: chat.Do("helped")},
		{Label: "Show more", Action: chat.Do("more")},
		{Label: "Contact us", Action: chat.Do("contact"), Style: chat.Primary},
	}},
}
