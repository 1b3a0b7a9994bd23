package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// Who tries each line of the table, beside Kim, who asked T-1: Eli has nothing to
// do with it, Gil worked the desk until lately, and Fay leads another desk.
var (
	eli = chat.Sender{Account: account("eli"), Name: "Eli", Locale: "en"}
	gil = chat.Sender{Account: account("gil"), Name: "Gil", Locale: "en"}
	fay = chat.Sender{Account: account("fay"), Name: "Fay", Locale: "en"}
)

var everybody = map[string]chat.Sender{
	"stranger": eli, "asker": kim, "former agent": gil, "agent": bo, "lead": ana, "agent elsewhere": dan, "lead elsewhere": fay,
}

// Who may do something, of everybody.
var (
	anyone   = []string{"stranger", "asker", "former agent", "agent", "lead", "agent elsewhere", "lead elsewhere"}
	asker    = []string{"asker"}
	workers  = []string{"agent", "lead", "agent elsewhere", "lead elsewhere"} // of any desk
	itsCrew  = []string{"agent", "lead"}                                      // of the ticket's desk
	itsLeads = []string{"lead"}
	leads    = []string{"lead", "lead elsewhere"}
)

// A right says who may do a line of the table, and how it is done.
type right struct {
	may  []string
	args []string
}

// privateWords is what only those who work Kim's ticket may read.
const privateWords = "my invoice 4711 has vanished"

// rights has every line of the table, by door and verb.
var rights = map[string]right{
	"ask ":       {anyone, []string{"where is my refund?"}},
	"ask status": {anyone, nil},
	"ask help":   {anyone, nil},
	"ask add":    {asker, []string{"T-1", "one more thing"}},
	"ask cancel": {asker, []string{"T-1"}},

	"ticket queue":  {workers, nil},
	"ticket mine":   {workers, nil},
	"ticket next":   {workers, nil},
	"ticket help":   {workers, nil},
	"ticket oncall": {workers, []string{"on"}},
	"ticket stats":  {workers, nil},
	"ticket gaps":   {workers, nil},
	"ticket link":   {anyone, nil},
	" create":       {workers, nil},

	"ticket show":       {itsCrew, []string{"T-1"}},
	"ticket claim":      {itsCrew, []string{"T-2"}},
	"ticket release":    {itsCrew, []string{"T-1"}},
	"ticket transfer":   {itsCrew, []string{"T-1", "@ana"}},
	"ticket reply":      {itsCrew, []string{"T-1", "it is on its way"}},
	"ticket note":       {itsCrew, []string{"T-1", "looks odd"}},
	"ticket article":    {itsCrew, []string{"T-1", "refund"}},
	"ticket resolve":    {itsCrew, []string{"T-1"}},
	"ticket close":      {itsCrew, []string{"T-1", "spam"}},
	"ticket reopen":     {itsCrew, []string{"T-1"}},
	"ticket priority":   {itsCrew, []string{"T-1", "urgent"}},
	"ticket label":      {itsCrew, []string{"T-1", "add", "billing"}},
	"ticket why":        {itsCrew, []string{"T-1"}},
	"ticket move":       {itsCrew, []string{"T-1", "sales"}},
	"ticket merge":      {itsCrew, []string{"T-1", "T-2"}},
	"ticket snippet":    {itsCrew, []string{"T-1", "hello"}},
	"ticket watch":      {itsCrew, []string{"T-1"}},
	"ticket transcript": {itsCrew, []string{"T-1"}},
	"ticket wait":       {itsCrew, []string{"T-1"}},
	"ticket teach":      {itsCrew, []string{"T-1", "refund-status"}},
	"ticket draft":      {itsCrew, []string{"T-1"}},
	" unteach":          {itsCrew, []string{"T-1", "aaaaaaaaaaaaaaaa"}},
	" keep":             {itsCrew, []string{"T-1"}},
	" rewrite":          {itsCrew, []string{"T-1", "4", "it is not"}},
	" unsend":           {itsCrew, []string{"T-1", "4"}},
	" undo":             {itsCrew, []string{"T-1", "4"}},
	" reply_anyway":     {itsCrew, []string{"T-1", "all the same"}},

	"ticket assign":  {itsLeads, []string{"T-1", "@bo"}},
	"ticket block":   {itsLeads, []string{"T-1"}},
	"ticket unblock": {itsLeads, []string{"T-1"}},
	"ticket channel": {leads, []string{"watch"}},
	" close_stale":   {itsLeads, []string{"support", strconv.FormatInt(start.UnixMilli(), 10)}},

	// Under an answer of Kim's: someone else gets one of their own.
	" helped": {anyone, []string{"CONVERSATION"}}, " unhelped": {anyone, []string{"CONVERSATION"}}, " more": {anyone, []string{"CONVERSATION"}},
	" as": {anyone, []string{"CONVERSATION", "creator"}}, " contact": {anyone, []string{"CONVERSATION"}},
	" share":   {[]string{"asker", "stranger", "former agent"}, []string{"CONVERSATION"}}, // an agent would do it to Kim's own answer
	"privacy ": {anyone, nil}, " export_me": {asker, []string{"test:w:kim"}}, " forget_me": {asker, []string{"test:w:kim"}}, " forget_sure": {asker, []string{"test:w:kim"}},
	" browse": {anyone, nil}, " iam": {anyone, []string{"buyer"}}, " details": {anyone, nil}, " find": {anyone, nil},
	" read": {asker, []string{"T-1", "4"}}, " good": {asker, []string{"T-1"}}, " bad": {asker, []string{"T-1"}}, " comment": {asker, []string{"T-1", "thank you"}},
	" join": {anyone, []string{"AAAA-AAAA"}}, " unjoin": {anyone, []string{"test:w:kim"}},
}

func rightKey(c chat.Command) string { return c.Door + " " + c.Verb }

// accessWorld has T-1 of Kim's, which Bo holds and has answered, T-2 of Lee's,
// which is open, and T-3, which Gil held when he still worked the desk.
func accessWorld(t tester) (w *world, conversation string) {
	t.Helper()
	s := testSettings()
	s.Desks[1].Leads = []string{string(account("fay"))}
	w = newWorldOf(t, s)
	w.opens(kim, privateWords)
	w.opens(lee, "where is lee's refund?")
	w.opens(sam, "where is my refund, too?")
	w.runs(bo, "ticket", "claim T-1")
	w.runs(bo, "ticket", "reply T-1 we look into it")
	asHelper := gil
	asHelper.Roles = []string{"helpers"}
	w.runs(asHelper, "ticket", "claim T-3")
	elsewhere := help
	elsewhere.Channel = "elsewhere"
	o := w.do(w.event(chat.Event{Kind: chat.Message, Addressed: true, Place: elsewhere, Text: "where is my refund?"}, kim))
	conversation = string(o.Conversations[0].Value.ID)
	w.now = w.now.Add(time.Hour)
	return w, conversation
}

// ways are the events that do a line of the table, by door.
func (w *world) ways(c command, r right, conversation string) map[string]chat.Event {
	args := slices.Clone(r.args)
	for i := range args {
		args[i] = strings.Replace(args[i], "CONVERSATION", conversation, 1)
	}
	said := &chat.Said{Message: "m99", From: kim, At: w.now, Text: "where is my refund?"}
	if c.Menu != "" {
		return map[string]chat.Event{"menu": {Kind: chat.Menu, Action: chat.Do(c.Verb), Message: "m99", About: said}}
	}
	ways := map[string]chat.Event{}
	if c.Door != "ask" && c.Verb != "" || c.Verb == "add" || c.Verb == "cancel" {
		ways["button"] = press(c.Verb, args...)
	}
	if c.Door != "" {
		ways["slash"] = slash(c.Door, strings.TrimSpace(c.Verb+" "+strings.Join(args, " ")))
		inside := help
		inside.Thread = "m1" // where Kim asked
		if c.Door == "ticket" {
			ways["mention"] = chat.Event{Kind: chat.Message, Addressed: true, Mentioned: true, Place: inside, Text: c.Verb + " " + strings.Join(args, " ")}
		}
	}
	if c.Opens {
		form := press(c.Verb, args...)
		form.Kind, form.Values = chat.Submit, map[string]string{}
		for i, p := range c.Params {
			if p.Kind == chat.TextParam && i < len(args) {
				form.Action.Args, form.Values[p.Name] = args[:i], args[i]
			}
		}
		ways["form"] = form
	}
	return ways
}

// stays reports whether an outcome changes nothing that is stored, but what it
// says and what the audit has.
func stays(o spool.Outcome) bool {
	return !changed(o) && len(o.Sets)+len(o.Learned)+len(o.Unlearned)+len(o.Lines)+len(o.Tallies)+len(o.Waits)+len(o.Timers)+len(o.Forget) == 0
}

// TestAccess goes through the whole table, by every door, with everyone: who may
// not is told so alone and clearly, learns nothing, changes nothing and leaves one
// line in the audit; who may leaves one line that says what they did.
func TestAccess(t *testing.T) {
	known := map[string]bool{}
	for _, c := range table() {
		key := rightKey(c.Command)
		known[key] = true
		r, ok := rights[key]
		if !ok {
			t.Errorf("%q is new in the table: say who may", key)
			continue
		}
		doors, _ := accessWorld(t)
		for door := range doors.ways(c, r, "") {
			for name, who := range everybody {
				w, conversation := accessWorld(t)
				e := w.event(w.ways(c, r, conversation)[door], who)
				told, _ := w.calledByName(e)
				if door == "mention" && !told {
					continue // a question, as far as we know
				}
				o := w.try(e)
				where := fmt.Sprintf("%s by %s of %s", key, door, name)
				if slices.Contains(r.may, name) {
					allowed(t, where, c.Command, o)
				} else {
					denied(t, where, c.Command, who, o)
				}
			}
			// Programs are heard by nobody.
			w, conversation := accessWorld(t)
			robot := ana
			robot.Bot = true
			if o := w.try(w.event(w.ways(c, r, conversation)[door], robot)); !stays(o) || len(o.Replies)+len(o.Audit) > 0 {
				t.Errorf("%s by %s of a program: %s", key, door, spoken(o))
			}
		}
	}
	for key := range rights {
		if !known[key] {
			t.Errorf("%q is not in the table", key)
		}
	}
}

// calledByName reports whether a mention is taken for a command.
func (w *world) calledByName(e chat.Event) (bool, error) {
	t := w.turn(context.Background(), e, fakeView{w.records, e.Lane()})
	return t.told()
}

func allowed(t *testing.T, where string, c chat.Command, o spool.Outcome) {
	t.Helper()
	if deedOf(c) == noAudit {
		if len(o.Audit) > 0 {
			t.Errorf("%s leaves %+v", where, o.Audit)
		}
		return
	}
	if len(o.Audit) != 1 {
		t.Errorf("%s leaves %d lines: %+v\n%s", where, len(o.Audit), o.Audit, spoken(o))
		return
	}
	d := o.Audit[0]
	if d.What != deedOf(c) || d.Tried != "" || d.Who == "" || d.Account == "" || d.Where != help.String() || d.Door == "" || d.Event == "" || d.At.IsZero() {
		t.Errorf("%s leaves %+v", where, d)
	}
	if (d.Result == desk.Refused) != (d.Why != "") {
		t.Errorf("%s: result %s for the reason %q", where, d.Result, d.Why)
	}
	if d.Result == desk.Done && stays(o) {
		t.Errorf("%s changed nothing and leaves %+v", where, d)
	}
	wordless(t, where, d)
}

func denied(t *testing.T, where string, c chat.Command, who chat.Sender, o spool.Outcome) {
	t.Helper()
	if !stays(o) {
		t.Errorf("%s changes something: %s", where, spoken(o))
	}
	if len(o.Audit) != 1 || o.Audit[0].What != desk.Denied || o.Audit[0].Result != desk.Refused || o.Audit[0].Why == "" || o.Audit[0].Account != who.Account {
		t.Errorf("%s leaves %+v\n%s", where, o.Audit, spoken(o))
		return
	}
	if tried := o.Audit[0].Tried; deedOf(c) != noAudit && tried != deedOf(c) {
		t.Errorf("%s: tried %q", where, tried)
	}
	wordless(t, where, o.Audit[0])
	if len(o.Replies) != 1 || strings.TrimSpace(o.Replies[0].PlainText()) == "" {
		t.Errorf("%s: %d answers", where, len(o.Replies))
		return
	}
	if r := o.Replies[0]; r.Only != who.Account {
		t.Errorf("%s is told to everyone", where)
	}
	for _, secret := range []string{"4711", "Kim", "Lee", "lee's", "we look into it", "Bo"} {
		if text := everything(o.Replies[0]); strings.Contains(text, secret) {
			t.Errorf("%s tells %q: %s", where, secret, text)
		}
	}
}

// wordless checks that nothing anybody wrote, and no name, is in a line.
func wordless(t *testing.T, where string, d desk.Deed) {
	t.Helper()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"4711", "Kim", "Lee", "Ana", "Bo\"", "Dan", "way", "odd", "spam", "thing", "billing", "thank", "same"} {
		if strings.Contains(string(text), word) {
			t.Errorf("%s: %q is in %s", where, word, text)
		}
	}
}

// A ticket that is not there is refused in one line, whatever was to be done.
func TestAuditRefused(t *testing.T) {
	for _, c := range table() {
		r := rights[rightKey(c.Command)]
		i := slices.Index(r.args, "T-1")
		if i < 0 || deedOf(c.Command) == noAudit {
			continue
		}
		r.args = slices.Clone(r.args)
		r.args[i] = "T-999"
		w, conversation := accessWorld(t)
		for door, e := range w.ways(c, r, conversation) {
			if door == "mention" {
				continue
			}
			o := w.try(w.event(e, ana))
			if len(o.Audit) != 1 || o.Audit[0].What != deedOf(c.Command) || o.Audit[0].Result != desk.Refused || o.Audit[0].Why == "" || !slices.Contains(o.Audit[0].Of, "T-999") {
				t.Errorf("%s by %s leaves %+v\n%s", rightKey(c.Command), door, o.Audit, spoken(o))
			}
		}
	}
}

// The whole line of some deeds, and what is no deed.
func TestAuditLines(t *testing.T) {
	line := func(o spool.Outcome) string {
		t.Helper()
		var lines []string
		for _, d := range o.Audit {
			d.At, d.Event = time.Time{}, ""
			text, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, strings.TrimPrefix(string(text), `{"at":"0001-01-01T00:00:00Z",`))
		}
		return strings.Join(lines, "\n")
	}
	w, conversation := accessWorld(t)
	tests := []struct{ name, want string }{
		{line(w.says(eli, "how do I change my password?")), ``},
		{line(w.runs(bo, "ticket", "priority T-2 high")), `"who":"test:w:bo","account":"test:w:bo","where":"test:w:help","door":"slash","what":"ticket.priority","of":["T-2"],"how":["high"],"result":"done"}`},
		{line(w.runs(ana, "ticket", "assign T-2 @bo")), `"who":"ana","account":"test:w:ana","where":"test:w:help","door":"slash","what":"ticket.assign","of":["T-2"],"to":"test:w:bo","result":"done"}`},
		{line(w.runs(dan, "ticket", "claim T-2")), `"who":"test:w:dan","account":"test:w:dan","where":"test:w:help","door":"slash","what":"access.denied","tried":"ticket.claim","of":["T-2"],"result":"refused","why":"other_desk"}`},
		{line(w.runs(eli, "ticket", "frobnicate "+privateWords)), `"who":"test:w:eli","account":"test:w:eli","where":"test:w:help","door":"slash","what":"access.denied","result":"refused","why":"needs_agent"}`},
		{line(w.runs(bo, "ticket", "frobnicate "+privateWords)), ``},
		{line(w.runs(cy, "ticket", "claim T-2")), `"who":"test:w:cy","account":"test:w:cy","where":"test:w:help","door":"slash","what":"ticket.claim","of":["T-2"],"result":"refused","why":"held"}`},
		{line(w.presses(bo, "show", "T-1")), `"who":"test:w:bo","account":"test:w:bo","where":"test:w:help","door":"button","what":"ticket.show","of":["T-1"],"result":"shown"}`},
		{line(w.presses(kim, "contact", conversation)), `"who":"test:w:kim","account":"test:w:kim","where":"test:w:help","door":"button","what":"ticket.open","of":["T-4"],"result":"done"}`},
		{line(w.runs(bo, "ticket", "merge T-2 T-1")), `"who":"test:w:bo","account":"test:w:bo","where":"test:w:help","door":"slash","what":"ticket.merge","of":["T-2","T-1"],"to":"T-1","result":"done"}`},
		{line(w.runs(ana, "desk", "block T-1")), `"who":"ana","account":"test:w:ana","where":"test:w:help","door":"slash","what":"person.block","of":["T-1","test:w:kim"],"result":"done"}`},
		{line(w.runs(kim, "ask", "add T-1 please")), `"who":"test:w:kim","account":"test:w:kim","where":"test:w:help","door":"slash","what":"access.denied","tried":"ticket.add","of":["T-1"],"result":"refused","why":"barred"}`},
	}
	for i, test := range tests {
		if diff := cmp.Diff(test.want, test.name); diff != "" {
			t.Errorf("line %d (-want +got):\n%s", i, diff)
		}
	}
}

// A command that was given up leaves a line, too, and nothing else does.
func TestAuditFailed(t *testing.T) {
	w, _ := accessWorld(t)
	e := w.event(slash("ticket", "priority T-1 urgent"), bo)
	want := []desk.Deed{{
		At: w.now, Who: "test:w:bo", Account: "test:w:bo", Where: "test:w:help", Door: desk.BySlash, What: "ticket.priority", Of: []string{"T-1"}, How: []string{"urgent"},
		Result: desk.Erred, Why: "apology", Event: e.ID,
	}}
	if diff := cmp.Diff(want, w.Failed(e)); diff != "" {
		t.Error(diff)
	}
	for _, e := range []chat.Event{{Kind: chat.Message, Text: "where is it?"}, slash("ask", "where is it?"), {Kind: chat.Tick, Timer: "ticket/T-1"}, slash("ticket", "frobnicate"), {Kind: chat.Unreadable}} {
		if got := w.Failed(w.event(e, bo)); got != nil {
			t.Errorf("%s %q leaves %+v", e.Kind, e.Text, got)
		}
	}
}

// What time does, and what is said in a ticket's thread, leaves lines of its own.
func TestAuditWithoutCommands(t *testing.T) {
	told := func(o spool.Outcome) string {
		var lines []string
		for _, d := range o.Audit {
			lines = append(lines, fmt.Sprintf("%s %s %s %s %s", d.Who, d.Door, d.What, d.Of, d.To))
		}
		return strings.Join(lines, "; ")
	}
	w, _ := accessWorld(t)
	place := w.ticket("T-1").Place
	o := w.do(w.event(chat.Event{Kind: chat.Message, Addressed: true, Place: place, Text: "are you there?"}, kim))
	if got := told(o); got != "test:w:kim message ticket.add [T-1] " {
		t.Errorf("a word of the asker's: %q", got)
	}
	k := w.records.tickets["T-1"]
	var ticket desk.Ticket
	if err := json.Unmarshal([]byte(k.value), &ticket); err != nil {
		t.Fatal(err)
	}
	ticket.State, ticket.AlarmAt = desk.Resolved, w.now
	ticket.ResolvedAt = w.now
	w.records.tickets["T-1"] = stored{k.version, must(json.Marshal(ticket))}
	w.now = w.now.Add(1000 * time.Hour)
	o = w.do(w.event(chat.Event{Kind: chat.Tick, Timer: ticketTimer + "T-1", Place: place}, kim))
	if got := told(o); got != "@signpost timer ticket.end [T-1] " {
		t.Errorf("the end of its time: %q", got)
	}
}

func must(text []byte, err error) string {
	if err != nil {
		panic(err)
	}
	return string(text)
}

var deedName = regexp.MustCompile(`^[a-z_]+\.[a-z_]+$`)

// The names of deeds are for those who look for them years later: they stay.
func TestDeeds(t *testing.T) {
	for _, name := range newWorld(t).Deeds() {
		if !deedName.MatchString(name) {
			t.Errorf("%q is no name", name)
		}
	}
}

// What platforms ask beside events shows nobody a ticket that they may not read,
// nor that there is one.
func TestAccessOfFront(t *testing.T) {
	w, conversation := accessWorld(t)
	reads := map[string][]string{"agent": {"4711", "lee's"}, "lead": {"4711", "lee's"}, "asker": {"4711"}}
	secrets := []string{"4711", "lee's", "we look into it"}
	check := func(name, where, text string) {
		t.Helper()
		for _, secret := range secrets {
			if strings.Contains(text, secret) && !slices.Contains(reads[name], secret) && !(name != "asker" && reads[name] != nil) {
				t.Errorf("%s shows a %s %q: %s", where, name, secret, text)
			}
		}
		if !slices.Contains([]string{"asker", "agent", "lead"}, name) && strings.Contains(text, "T-") {
			t.Errorf("%s shows a %s that there are tickets: %s", where, name, text)
		}
	}
	print := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for name, who := range everybody {
		for _, c := range table() {
			for _, p := range c.Params {
				typing := chat.Typing{From: who, Place: help, Door: c.Door, Verb: c.Verb, Param: p.Name}
				check(name, "typeahead of "+rightKey(c.Command)+" "+p.Name, print(w.Suggest(t.Context(), typing)))
			}
			if c.form == nil {
				continue
			}
			r := rights[rightKey(c.Command)]
			for door, e := range w.ways(c, right{r.may, r.args}, conversation) {
				if door != "button" && door != "slash" {
					continue
				}
				if door == "slash" {
					e.Text = c.Verb + " T-1"
				}
				form := w.open(e, who)
				mayOpen := slices.Contains(r.may, name) && (c.Verb != "contact" || name == "asker")
				if form != nil && !mayOpen {
					t.Errorf("%s by %s opens %+v for a %s", c.Verb, door, form, name)
				}
				check(name, "form of "+c.Verb, print(form))
			}
		}
		home, err := w.Home(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		check(name, "home", print(home))
	}
	// Who holds a ticket from when they worked its desk still does not read it at
	// another one.
	former := gil
	former.Account = account("dan")
	k := w.records.tickets["T-3"]
	var ticket desk.Ticket
	if err := json.Unmarshal([]byte(k.value), &ticket); err != nil {
		t.Fatal(err)
	}
	ticket.Holder, ticket.HolderAs = chat.PersonID(account("dan")), account("dan")
	w.records.tickets["T-3"] = stored{k.version, must(json.Marshal(ticket))}
	for _, text := range []string{"mine", "release all", "queue"} {
		if got := everything(w.try(w.event(slash("ticket", text), dan)).Replies[0]); strings.Contains(got, "T-3") || strings.Contains(got, "too") {
			t.Errorf("%s shows %s", text, got)
		}
	}
	if got := print(w.Suggest(t.Context(), chat.Typing{From: dan, Place: help, Door: "ticket", Verb: "show", Param: "ticket"})); got != "null" {
		t.Errorf("typeahead offers %s", got)
	}
}

// An emoji of someone who may not, or on what is no ticket, is just that: no
// answer, no line. One who works another desk is told alone.
func TestAccessByEmoji(t *testing.T) {
	for name, who := range everybody {
		w, _ := accessWorld(t)
		e := w.event(chat.Event{Kind: chat.Reaction, Emoji: "eyes", Message: "m3", About: &chat.Said{Message: "m3", From: lee, Text: "where is lee's refund?"}}, who)
		o := w.try(e)
		switch {
		case slices.Contains(itsCrew, name):
			if len(o.Audit) != 1 || o.Audit[0].What != "ticket.claim" || o.Audit[0].Door != desk.ByEmoji {
				t.Errorf("by %s: %+v %s", name, o.Audit, spoken(o))
			}
		case slices.Contains(workers, name):
			claim := command{}
			for _, c := range table() {
				if c.Door == "ticket" && c.Verb == "claim" {
					claim = c
				}
			}
			denied(t, "emoji of "+name, claim.Command, who, o)
		default:
			if !stays(o) || len(o.Replies)+len(o.Audit) > 0 {
				t.Errorf("by %s: %+v %s", name, o.Audit, spoken(o))
			}
		}
	}
}
