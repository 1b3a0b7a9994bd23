package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/config"
)

// TestAudit has a running program and commands leave lines, exports and checks
// them, and then changes Redis behind the program's back.
func TestAudit(t *testing.T) {
	d := newDatabase(t, "")
	dir := t.TempDir()
	keyFile := filepath.Join(dir, "audit.key")
	if err := os.WriteFile(keyFile, []byte(strings.Repeat("k", 44)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	redisOnly := fmt.Sprintf("redis: {url: %q}", d.url)
	more := redisOnly + fmt.Sprintf("\naudit: {key_file: %q}", keyFile)
	file := configured(t, more)
	audit := func(words ...string) (string, int) {
		t.Helper()
		return command(t, append([]string{"--config", file, "audit"}, words...)...)
	}
	if out, code := audit("verify"); code != exitOK || out != "The audit is empty.\n" {
		t.Errorf("verify of nothing = %d %s", code, out)
	}

	s := newStand(t, loaded(t, more), newWire())
	s.bring(asks("1", "where is my refund?"))
	eventually(t, "the answer has come", func() bool { return s.count() == 1 })
	s.bring(chat.Event{ID: "2", Kind: chat.Slash, Door: "ticket", Text: "show T-1 and a secret", At: time.Now(), Place: chat.Place{Platform: "wire", Workspace: "w", Channel: "help"},
		From: chat.Sender{Account: "wire:w:ana", Name: "Ana Lima"}, Addressed: true})
	eventually(t, "the refusal has come", func() bool { return s.count() == 2 })
	s.end(t)
	if log := s.log.String(); !regexp.MustCompile(`the audit ends here.* head=3:hmac-`).MatchString(log) {
		t.Errorf("no anchor is logged:\n%s", log)
	}
	if out, code := command(t, "--config", file, "alias", "add", "refund", "zebra", "stripes"); code != exitOK {
		t.Fatalf("alias add = %d %s", code, out)
	}

	exported, code := audit()
	if code != exitOK {
		t.Fatalf("audit = %d %s", code, exported)
	}
	var whats []string
	for line := range strings.Lines(exported) {
		var l struct {
			N    int64  `json:"n"`
			Hash string `json:"hash"`
			Prev string `json:"prev"`
			desk.Deed
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil || l.Hash == "" || l.N != int64(len(whats)+1) {
			t.Errorf("line %q: %v", line, err)
		}
		whats = append(whats, l.What)
	}
	if got := strings.Join(whats, " "); got != "serve.start access.denied serve.stop alias.add audit.export" {
		t.Errorf("lines: %s", got)
	}
	for _, secret := range []string{"secret", "Lima", "zebra", "kkkk"} {
		if strings.Contains(exported, secret) {
			t.Errorf("%q is in the audit:\n%s", secret, exported)
		}
	}
	if !strings.Contains(exported, `"who":"cli:`) {
		t.Errorf("nobody ran alias add:\n%s", exported)
	}
	for _, test := range []struct {
		words []string
		want  int
	}{
		{[]string{"--what", "serve"}, 2}, {[]string{"--what", "access.denied"}, 1}, {[]string{"--who", "wire:w:ana"}, 1}, {[]string{"--ticket", "T-9"}, 0},
		{[]string{"--since", "1h", "--what", "serve"}, 2}, {[]string{"--until", "2020-01-01"}, 0},
	} {
		if out, code := audit(test.words...); code != exitOK || strings.Count(out, "\n") != test.want {
			t.Errorf("audit %v = %d %s", test.words, code, out)
		}
	}
	for _, words := range [][]string{{"--since", "yesterday"}, {"--ticket", "refunds"}} {
		if out, code := audit(words...); code != exitBad || !strings.Contains(out, words[0]) {
			t.Errorf("audit %v = %d %s", words, code, out)
		}
	}

	// Who has no key reads all that is sealed, and seals nothing.
	keyless := configured(t, redisOnly)
	if out, code := command(t, "--config", keyless, "audit"); code != exitOK || !strings.Contains(out, "only who has the key") || !strings.Contains(out, "alias.add") {
		t.Errorf("audit without the key = %d %s", code, out)
	}
	if out, code := audit("--what", "nothing"); code != exitOK { // the rest is sealed
		t.Errorf("audit = %d %s", code, out)
	}

	out, code := audit("verify")
	found := regexp.MustCompile(`--head (\d+:hmac-[0-9a-f-]+)\n`).FindStringSubmatch(out)
	if code != exitOK || found == nil {
		t.Fatalf("verify = %d %s", code, out)
	}
	head := found[1]
	copied := filepath.Join(dir, "audit.jsonl")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(exported)
	if out, code := audit("verify", copied); code != exitOK || !strings.Contains(out, "5 lines, 1 to 5") {
		t.Errorf("verify the file = %d %s", code, out)
	}
	plain := configured(t, "")
	if out, code := command(t, "--config", plain, "audit", "verify", copied); code != exitBad || !strings.Contains(out, "--key") {
		t.Errorf("verify without the key = %d %s", code, out)
	}
	if out, code := command(t, "--config", plain, "audit", "verify", "--key", keyFile, copied); code != exitOK {
		t.Errorf("verify with the key, without Redis = %d %s", code, out)
	}
	write(strings.Replace(exported, "wire:w:ana", "wire:w:bob", 1))
	if out, code := audit("verify", copied); code != exitBad || !strings.Contains(out, "line 2") {
		t.Errorf("verify a forged file = %d %s", code, out)
	}
	some, _ := audit("--what", "serve")
	write(some)
	if out, code := audit("verify", copied); code != exitBad || !strings.Contains(out, "missing") {
		t.Errorf("verify a part = %d %s", code, out)
	}
	if out, code := audit("verify", "--part", copied); code != exitOK || !strings.Contains(out, "1 that are not here") {
		t.Errorf("verify a part as one = %d %s", code, out)
	}

	// Now someone with Redis alone changes it.
	o, err := goredis.ParseURL(d.url)
	if err != nil {
		t.Fatal(err)
	}
	db := goredis.NewClient(o)
	defer db.Close()
	const stream = "signpost:{main}:audit"
	kept, err := db.XRange(t.Context(), stream, "-", "+").Result()
	if err != nil {
		t.Fatal(err)
	}
	rewrite := func(change func([]goredis.XMessage) []goredis.XMessage) {
		t.Helper()
		db.Del(t.Context(), stream)
		for _, m := range change(append([]goredis.XMessage(nil), kept...)) {
			if err := db.XAdd(t.Context(), &goredis.XAddArgs{Stream: stream, ID: m.ID, Values: []any{"line", m.Values["line"], "seal", m.Values["seal"]}}).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, change := range map[string]func([]goredis.XMessage) []goredis.XMessage{
		"changed": func(l []goredis.XMessage) []goredis.XMessage {
			l[1].Values = map[string]any{"line": strings.Replace(l[1].Values["line"].(string), "ana", "bob", 1), "seal": l[1].Values["seal"]}
			return l
		},
		"removed": func(l []goredis.XMessage) []goredis.XMessage { return append(l[:1], l[2:]...) },
		"cut":     func(l []goredis.XMessage) []goredis.XMessage { return l[:2] },
	} {
		rewrite(change)
		if out, code := audit("verify"); code != exitBad || !strings.Contains(out, "was changed") {
			t.Errorf("verify what was %s = %d %s", name, code, out)
		}
	}
	// The end is cut off, with everything that tells of it in Redis.
	rewrite(func(l []goredis.XMessage) []goredis.XMessage { return l[:3] })
	db.HSet(t.Context(), "signpost:{main}:audit_chain", "last", 3, "last_seal", kept[2].Values["seal"])
	if out, code := audit("verify"); code != exitOK {
		t.Errorf("verify = %d %s", code, out)
	}
	if out, code := audit("verify", "--head", head); code != exitBad || !strings.Contains(out, "cut off") {
		t.Errorf("verify against the head = %d %s", code, out)
	}
	// All of it is made anew, by someone who has no key.
	chain := desk.Link{}
	rewrite(func(l []goredis.XMessage) []goredis.XMessage {
		for i := range l {
			line := l[i].Values["line"].(string)
			chain = desk.Link{N: int64(i + 1), Seal: desk.SealKey{}.Seal(chain.Seal, line)}
			l[i].Values = map[string]any{"line": line, "seal": string(chain.Seal)}
		}
		return l
	})
	db.HSet(t.Context(), "signpost:{main}:audit_chain", "last", chain.N, "last_seal", string(chain.Seal))
	if out, code := audit("verify"); code != exitBad || !strings.Contains(out, "without the configured key") {
		t.Errorf("verify what was made anew = %d %s", code, out)
	}
}

// Two replicas seal side by side, within seconds, each line once; the end is
// logged when it has moved, and once an hour.
func TestSealer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		log := slog.New(slog.NewTextHandler(&text, nil))
		store, err := redis.Embedded(redis.Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{}, 2)
		for range 2 {
			s, err := newSealer(store, config.Audit{}, time.Now, log)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.note(ctx, "serve.start"); err != nil {
				t.Fatal(err)
			}
			go func() { s.run(ctx); ended <- struct{}{} }()
			synctest.Wait()
		}
		for n := range 50 {
			if err := store.Record(ctx, fmt.Sprint(n), time.Now(), errand("alias.add")); err != nil {
				t.Fatal(err)
			}
		}
		<-time.After(2 * sealEvery)
		chain, err := store.AuditChain(ctx)
		if err != nil || chain.Waiting != 0 || chain.Last.N != 52 {
			t.Errorf("chain %+v, %v", chain, err)
		}
		v, _, err := verifyStore(ctx, store, nil, nil)
		if err != nil || v.Lines != 52 {
			t.Errorf("verify: %v, %d lines", err, v.Lines)
		}
		<-time.After(3 * anchorEvery)
		if n := strings.Count(text.String(), "head=52:sha256-"); n != 2 {
			t.Errorf("the end was logged %d times by two replicas:\n%s", n, &text)
		}
		stop()
		<-ended
		<-ended
	})
}

// A failingAudit cannot be reached as long as it is told so.
type failingAudit struct {
	auditStore
	down bool
}

func (s *failingAudit) AuditChain(ctx context.Context) (desk.Chain, error) {
	if s.down {
		return desk.Chain{}, spool.ErrUnavailable
	}
	return s.auditStore.AuditChain(ctx)
}

func TestSealerStoreAway(t *testing.T) {
	store, err := redis.Embedded(redis.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var log bytes.Buffer
	away := &failingAudit{store, true}
	s, err := newSealer(away, config.Audit{}, time.Now, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.note(t.Context(), "serve.start"); err != nil {
		t.Fatal(err)
	}
	s.look(t.Context())
	s.look(t.Context())
	if n := strings.Count(log.String(), "cannot be sealed"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, &log)
	}
	away.down = false
	s.look(t.Context())
	if chain, err := store.AuditChain(t.Context()); err != nil || chain.Last.N != 1 {
		t.Errorf("chain %+v, %v", chain, err)
	}
}

// TestSealerKey: during an update that brings a key, who has none yet leaves the
// lines behind a sealed one to who has it.
func TestSealerKey(t *testing.T) {
	store, err := redis.Embedded(redis.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	key, err := desk.NewSealKey(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	keyed, bare := &sealer{store: store, key: key, now: time.Now, log: logger}, &sealer{store: store, now: time.Now, log: logger}
	for _, s := range []*sealer{bare, keyed, bare, keyed} {
		if err := s.note(t.Context(), "serve.start"); err != nil {
			t.Fatal(err)
		}
		s.look(t.Context())
	}
	if n := strings.Count(log.String(), "is not here"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, &log)
	}
	if _, err := bare.seal(t.Context()); err != nil { // nothing waits
		t.Error(err)
	}
	if v, _, err := verifyStore(t.Context(), store, []desk.SealKey{key}, nil); err != nil || v.Lines != 4 || v.Keyed != 3 {
		t.Errorf("verify: %v, %+v", err, v)
	}
}

// A forgetfulAudit has lost its newest lines.
type forgetfulAudit struct {
	auditStore
	chain *desk.Chain
}

func (s forgetfulAudit) AuditChain(ctx context.Context) (desk.Chain, error) {
	if s.chain.Last.N > 0 {
		return *s.chain, nil
	}
	return s.auditStore.AuditChain(ctx)
}

// TestSealerLoss: an end that has gone back is told, with what was lost.
func TestSealerLoss(t *testing.T) {
	store, err := redis.Embedded(redis.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var log bytes.Buffer
	var lost desk.Chain
	s := &sealer{store: forgetfulAudit{store, &lost}, now: time.Now, log: slog.New(slog.NewTextHandler(&log, nil))}
	for range 2 {
		if err := s.note(t.Context(), "serve.start"); err != nil {
			t.Fatal(err)
		}
		s.look(t.Context())
	}
	first, err := store.Audited(t.Context(), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	lost.Last = desk.Link{N: 1, Seal: first[0].Seal}
	s.look(t.Context())
	s.look(t.Context())
	if n := strings.Count(log.String(), "the audit ends earlier than it did"); n != 1 {
		t.Errorf("told %d times:\n%s", n, &log)
	}
	if !strings.Contains(log.String(), `"the audit ends here" head=1:`) || !strings.Contains(log.String(), "was=2:") {
		t.Errorf("logged:\n%s", &log)
	}
}

func TestSealKeyOf(t *testing.T) {
	if _, err := sealKeyOf(config.Audit{Key: config.NewSecret("short")}); err == nil {
		t.Error("a short key was taken")
	}
	if k, err := sealKeyOf(config.Audit{}); err != nil || k.Name() != "" {
		t.Errorf("no key is %q, %v", k.Name(), err)
	}
}

func TestFingerprint(t *testing.T) {
	a, b := config.Default(), config.Default()
	b.Redis.URL = config.NewSecret("redis://hush")
	if fingerprint(a) != fingerprint(b) || fingerprint(a) == "unknown" {
		t.Errorf("a secret changes it: %s, %s", fingerprint(a), fingerprint(b))
	}
	b.Answers.Articles++
	if fingerprint(a) == fingerprint(b) {
		t.Error("nothing changes it")
	}
}

// Whatever stands in a file is checked or refused, and never panics.
func FuzzVerifyExport(f *testing.F) {
	line, err := json.Marshal(desk.Deed{At: began, Who: "ana", What: "ticket.claim"})
	if err != nil {
		f.Fatal(err)
	}
	lines := desk.SealKey{}.Extend(desk.Link{}, []desk.AuditLine{{N: 1, Text: `{"n":1,` + string(line[1:])}})
	f.Add(lines[0].Export(""), true)
	f.Add("{}\n", false)
	f.Fuzz(func(t *testing.T, text string, part bool) {
		v, first, err := verifyExport(strings.NewReader(text), nil, nil, part)
		if err == nil && (v.Lines == 0 || !strings.Contains(told(v, first), "All good")) {
			t.Errorf("%q verifies as %s", text, told(v, first))
		}
		if err != nil && errors.Is(err, desk.ErrUnchecked) && !strings.Contains(text, "hmac-") {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// Every action of the table is explained where people look for it.
func TestAuditDocumented(t *testing.T) {
	page, err := os.ReadFile("docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	cfg := loaded(t, "")
	b, err := bot.New(behaviour(cfg), bot.Parts{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(b.Deeds(), "serve.start", "alias.add", "dead.drop", "audit.export") {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/audit.md does not tell of %s", name)
		}
	}
}
