package bot

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// Everyone is told what is kept about them, and for how long, whatever they call
// it, and nobody else sees it.
func TestPrivacy(t *testing.T) {
	s := testSettings()
	s.Retention = spool.Retention{Conversations: 30 * day, Ledger: 36 * time.Hour, DeadLetters: day, Tickets: 365 * day}
	w := newWorldOf(t, s)
	w.opens(lee, "where is my refund?")
	for _, o := range []spool.Outcome{
		w.runs(lee, "privacy", ""), w.runs(lee, "privacy", "whatever they add"), w.says(lee, "Privacy"), w.says(lee, "meus dados"), w.says(lee, "/privacidad"),
	} {
		if len(o.Replies) != 1 || o.Replies[0].Only != lee.Account && !direct(o.Replies[0].Place) || changed(o) {
			t.Fatalf("told %+v", o.Replies)
		}
	}
	said := spoken(w.runs(lee, "privacy", ""))
	for _, want := range []string{"30 days after your last word", "36 hours", "1, with all that was said on them: 365 days after they are closed", "a day", "Only you and the team"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in:\n%s", want, said)
		}
	}
	if said := spoken(w.says(lee, "is my data safe after a purchase?")); strings.Contains(said, "What I keep") {
		t.Errorf("a question about data is answered with %s", said)
	}
	kept := newWorld(t) // where all is kept for good
	if said := spoken(kept.runs(sam, "privacy", "")); !strings.Contains(said, "without a limit of time") || !strings.Contains(said, "none") {
		t.Errorf("told %s", said)
	}
}

// An export has one's own words as they were written, and of others what reached
// one.
func TestExport(t *testing.T) {
	w := newWorld(t)
	w.opens(lee, "where is my refund? I am lee@example.com")
	w.opens(sam, "sam asks something else")
	w.runs(ana, "ticket", "claim T-1")
	w.runs(ana, "ticket", "reply T-1 it is on its way")
	w.runs(ana, "ticket", "note T-1 a difficult one")
	o := w.presses(lee, "export_me", string(lee.Account))
	files := o.Replies[len(o.Replies)-1].Files
	if len(files) != 2 || o.Replies[len(o.Replies)-1].Place != chat.Direct(lee.Account) {
		t.Fatalf("sent %+v", o.Replies)
	}
	for _, f := range files {
		data, err := w.Make(t.Context(), f.Made)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(data), `\`, "")
		for _, want := range []string{"lee@example.com", "it is on its way"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s has no %q:\n%s", f.File.Name, want, text)
			}
		}
		for _, not := range []string{"difficult", "sam asks"} {
			if strings.Contains(text, not) {
				t.Errorf("%s has %q:\n%s", f.File.Name, not, text)
			}
		}
		if strings.HasSuffix(f.Made, "json") && !json.Valid(data) {
			t.Errorf("this is no JSON: %s", data)
		}
	}
	for _, name := range []string{"data/", "data/%zz/en/md", "data/x/en/pdf", "data/a/b/c/d"} {
		if data, err := w.Make(t.Context(), name); err == nil {
			t.Errorf("%s makes %s", name, data)
		}
	}
}

// Who wants to be forgotten is asked whether they mean it, and told what becomes
// of open tickets; only their own button does it.
func TestForgetMe(t *testing.T) {
	settings := testSettings()
	settings.Desks[0].Channels = []string{"test:w:desk"}
	w := newWorldOf(t, settings)
	w.opens(lee, "where is my refund?")
	o := w.presses(lee, "forget_me", string(lee.Account))
	if said := spoken(o); changed(o) || len(o.Forget) > 0 || !strings.Contains(said, "1 ticket of yours is still open") || !strings.Contains(said, "can't be undone") {
		t.Errorf("asked %s", said)
	}
	for _, who := range []chat.Sender{sam, ana} {
		if o := w.presses(who, "forget_sure", string(lee.Account)); len(o.Forget) > 0 || !strings.Contains(spoken(o), "someone else's buttons") {
			t.Errorf("%s has Lee forgotten: %s", who.Name, spoken(o))
		}
	}
	w.runs(ana, "ticket", "block T-1 7d")
	o = w.presses(lee, "forget_sure", string(lee.Account))
	if len(o.Forget) != 1 || !o.Forget[0].Is(lee) || o.Forget[0].Event == "" || changed(o) {
		t.Fatalf("forgotten %+v", o)
	}
	if len(o.Audit) != 1 || o.Audit[0].What != "data.forget" || o.Audit[0].Result != desk.Done {
		t.Errorf("the audit has %+v", o.Audit)
	}
	k := w.ticket("T-1")
	k.Forget(w.now)
	if cards := o.Forget[0].Cards(k); len(cards) == 0 || !strings.Contains(cards[0].PlainText(), "at the asker's wish") || len(cards[0].AllButtons()) > 0 {
		t.Errorf("cards are %+v", cards)
	}
}
