package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/chat"
)

// tool runs one of the scripts in deploy. It fails the test unless the script
// exits with want.
func tool(t *testing.T, want int, env []string, words ...string) string {
	t.Helper()
	script := filepath.Join("deploy", words[0])
	if _, err := os.ReadFile(script); err != nil { // so that Go knows what the test's result is of
		t.Fatal(err)
	}
	began := time.Now()
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{script}, words[1:]...)...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		t.Fatalf("%s exits with %d, want %d:\n%s", words[0], got, want, out)
	}
	t.Logf("%s, %v: %s", words[0], time.Since(began).Round(time.Millisecond), out)
	return string(out)
}

// needTools skips a test of the scripts where what they run is missing.
func needTools(t *testing.T) {
	t.Helper()
	needRedis(t)
	kind := strings.TrimSuffix(redisProgram(), "server")
	for _, program := range []string{"sh", "awk", "sed", "sha256sum", kind + "cli", kind + "check-aof", kind + "check-rdb"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("SIGNPOST_TEST_REDIS") == "require" {
				t.Fatal(err)
			}
			t.Skipf("the scripts cannot be run here: %v", err)
		}
	}
}

// everything is what a server holds: the value of each key, as text.
func everything(t *testing.T, db *goredis.Client) map[string]string {
	t.Helper()
	ctx, held := t.Context(), map[string]string{}
	keys := db.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		key, value := keys.Val(), any(nil)
		kind, err := db.Type(ctx, key).Result()
		if err != nil {
			t.Fatal(err)
		}
		switch kind {
		case "string":
			value, err = db.Get(ctx, key).Result()
		case "hash":
			value, err = db.HGetAll(ctx, key).Result()
		case "list":
			value, err = db.LRange(ctx, key, 0, -1).Result()
		case "zset":
			value, err = db.ZRangeWithScores(ctx, key, 0, -1).Result()
		case "set":
			var list []string
			list, err = db.SMembers(ctx, key).Result()
			slices.Sort(list)
			value = list
		case "stream":
			value, err = db.XRange(ctx, key, "-", "+").Result()
		case "none": // it went in between
			continue
		default:
			t.Fatalf("%s is a %s", key, kind)
		}
		text, marshalErr := json.Marshal(value) // maps in the order of their keys
		if err := cmp.Or(err, marshalErr); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		held[key] = string(text)
	}
	if err := keys.Err(); err != nil {
		t.Fatal(err)
	}
	return held
}

// ticketsIn are the tickets of what a server holds.
func ticketsIn(t *testing.T, held map[string]string) map[chat.TicketID]storedTicket {
	t.Helper()
	tickets := map[chat.TicketID]storedTicket{}
	for key, text := range held {
		if !strings.HasPrefix(key, prefix+"ticket:") {
			continue
		}
		var record struct{ Value string }
		var ticket storedTicket
		if err := json.Unmarshal([]byte(text), &record); err != nil || record.Value == "" {
			continue // it is only reserved
		}
		if err := json.Unmarshal([]byte(record.Value), &ticket); err != nil {
			t.Fatal(err)
		}
		tickets[ticket.ID] = ticket
	}
	return tickets
}

// queueIn is the order in which the open tickets of what a server holds are worked.
func queueIn(t *testing.T, held map[string]string, of map[chat.TicketID]storedTicket) []string {
	t.Helper()
	var members []struct{ Member string }
	if err := json.Unmarshal([]byte(cmp.Or(held[prefix+"rank:support"], "[]")), &members); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, m := range members {
		id := "T-" + strings.TrimLeft(m.Member, "0")
		if _, ok := of[chat.TicketID(id)]; ok {
			order = append(order, id)
		}
	}
	return order
}

// guarded is a server that asks for a password, and a client of it.
func guarded(t *testing.T, dir, password string) (*redisServer, *goredis.Client, string) {
	t.Helper()
	var s *redisServer
	if args := []string{"--requirepass", password}; dir == "" {
		s = startRedis(t, args...)
	} else {
		s = &redisServer{dir: dir, args: args}
		t.Cleanup(s.kill)
		if err := s.start(); err != nil {
			t.Fatal(err)
		}
	}
	db := goredis.NewClient(&goredis.Options{Addr: s.addr(), Password: password})
	t.Cleanup(func() { db.Close() })
	return s, db, fmt.Sprintf("redis://:%s@%s/0", strings.ReplaceAll(url.QueryEscape(password), "+", "%20"), s.addr())
}

// TestRestore: what a team has done is copied while the program writes, by the
// script; then the program and Redis are killed, and Redis' files are gone. What
// the other script makes of the copy has every ticket of its time with its whole
// history, and the queue; and the program goes on with it.
func TestRestore(t *testing.T) {
	needTools(t)
	endWithUs()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	const password = `p@ss w/?&%"`
	server, db, at := guarded(t, "", password)
	platform, err := newScripted(weather{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer platform.close()
	people := newJudge(platform, agentsAtWork, 1)
	run1, err := startProgram(at, platform.address)
	if err != nil {
		t.Fatal(err)
	}
	defer run1.kill()

	// What a team does: tickets through all states, words, notes, a phrasing.
	const talks, waiting = 12, 5
	for range talks {
		people.start(ctx)
	}
	people.wait()
	agent := people.agents[0]
	tell := func(text string) chat.Reply {
		t.Helper()
		answer := "re/0"
		if strings.HasPrefix(text, "reply ") {
			answer = "relay"
		}
		card, _, err := platform.await(ctx, people.send(ran("ticket", text), agent, answer).keys[0])
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return card
	}
	asker := func(n int) *person {
		user := fmt.Sprint("late", n)
		return &person{
			sender: chat.Sender{Account: chat.NewAccountID(scriptedName, "w", user), Name: user, Locale: "en"},
			place:  chat.Place{Platform: scriptedName, Workspace: "w", Channel: "help", Thread: "late" + fmt.Sprint(n)},
		}
	}
	asks := func(n int) (chat.TicketID, error) {
		who := asker(n)
		answer, message, err := platform.await(ctx, people.send(spoken("where is my refund?"), who, "answer").keys[0])
		if err != nil {
			return "", err
		}
		pressed := people.send(chat.Event{Kind: chat.Press, Message: message, Action: chat.Do("contact", argOf(answer, "contact"))}, who, "re/0")
		told, _, err := platform.await(ctx, pressed.keys[0])
		return chat.TicketID(argOf(told, "cancel")), err
	}
	var open []chat.TicketID
	for n := range waiting + 3 {
		id, err := asks(n)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, id)
	}
	tell("priority " + string(open[3]) + " urgent")
	tell("label add " + string(open[1]) + " vip")
	for _, line := range []string{"claim %s", "reply %s where did you buy it?", "wait %s"} {
		tell(fmt.Sprintf(line, open[waiting]))
	}
	for _, line := range []string{"claim %s", "note %s he called", "close %s spam"} {
		tell(fmt.Sprintf(line, open[waiting+1]))
	}
	for _, line := range []string{"claim %s", "resolve %s", "reopen %s", "release %s"} {
		tell(fmt.Sprintf(line, open[waiting+2]))
	}
	t.Setenv("SIGNPOST_REDIS_URL", at)
	if out, code := command(t, "--config", configured(t, ""), "alias", "add", "how do I get a refund?", "they charged me twice"); code != exitOK {
		t.Fatalf("alias add: %s", out)
	}
	if err := nothingLeft(ctx, people, db); err != nil {
		t.Fatal(err)
	}
	before := everything(t, db)

	// The copy, while more tickets come in.
	copied, enough := make(chan struct{}), sync.WaitGroup{}
	flowing := make(chan struct{})
	enough.Go(func() {
		for n := range 200 {
			if n == 3 {
				close(flowing)
			}
			if _, err := asks(100 + n); err != nil {
				t.Error(err)
				return
			}
			select {
			case <-copied:
				if n > 10 {
					return
				}
			default:
			}
		}
	})
	<-flowing
	copies := t.TempDir()
	file := filepath.Join(copies, "url")
	if err := os.WriteFile(file, []byte(at+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	said := tool(t, 0, []string{"SIGNPOST_REDIS_URL=", "SIGNPOST_REDIS_URL_FILE=" + file}, "backup.sh", filepath.Join(copies, "kept"))
	close(copied)
	enough.Wait()
	if err := nothingLeft(ctx, people, db); err != nil {
		t.Fatal(err)
	}
	after := everything(t, db)
	if strings.Contains(said, "p@ss") {
		t.Error("the password was printed")
	}

	// The disaster.
	run1.kill()
	server.remove()
	list, err := filepath.Glob(filepath.Join(copies, "kept", "signpost-*.rdb"))
	if err != nil || len(list) != 1 {
		t.Fatalf("copies %q: %v", list, err)
	}
	dir := t.TempDir()
	tool(t, 0, nil, "restore.sh", list[0], dir)
	_, db, at = guarded(t, dir, password)
	restored := everything(t, db)

	had, has, later := ticketsIn(t, before), ticketsIn(t, restored), ticketsIn(t, after)
	if len(had) != talks+waiting+3 || len(later) < len(had)+10 {
		t.Fatalf("%d tickets before the copy, %d in the end: the test has not done what it says", len(had), len(later))
	}
	states := map[string]int{}
	for _, ticket := range had {
		states[ticket.State]++
	}
	for _, state := range []string{"open", "waiting", "resolved", "closed"} {
		if states[state] == 0 {
			t.Errorf("no ticket was %s: %v", state, states)
		}
	}
	compared := 0
	moved := []string{"number", "fence", "pending", "ready", "sending", "out:" + scriptedName} // by the script, or by what was under way
	for key, value := range before {
		if strings.HasPrefix(key, prefix+"ticket:") && value != after[key] {
			t.Errorf("%s changed after the copy: it proves nothing", key)
		}
		if value != after[key] || slices.Contains(moved, strings.TrimPrefix(key, prefix)) {
			continue
		}
		if compared++; restored[key] != value {
			t.Errorf("%s\nwas  %s\nhas  %s", key, value, restored[key])
		}
	}
	for id, ticket := range has {
		whole := later[id].History
		if len(ticket.History) > len(whole) || !slices.Equal(ticket.History, whole[:len(ticket.History)]) {
			t.Errorf("%s has a history that never was: %v", id, ticket.History)
		}
	}
	for _, key := range []string{"aliases", "ledger", "timers", "conversations"} {
		if restored[prefix+key] == "" {
			t.Errorf("%s is missing", key)
		}
	}
	if want, got := queueIn(t, before, had), queueIn(t, restored, had); len(want) != waiting+1 || !slices.Equal(got, want) {
		t.Errorf("queue %q, want %q", got, want)
	}
	t.Logf("%d tickets before the copy, %d in it, %d in the end; %d of %d keys compared", len(had), len(has), len(later), compared, len(before))

	t.Setenv("SIGNPOST_REDIS_URL", at)
	if out, code := command(t, "audit", "verify"); code != exitOK {
		t.Errorf("the audit of the copy is broken: %s", out)
	}

	// The program goes on: numbers are new, and the queue is worked.
	run2, err := startProgram(at, platform.address)
	if err != nil {
		t.Fatal(err)
	}
	defer run2.kill()
	id, err := asks(1000)
	if err != nil {
		t.Fatal(err)
	}
	number := func(id chat.TicketID) int {
		n, err := strconv.Atoi(strings.TrimPrefix(string(id), "T-"))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for old := range later {
		if number(id) <= number(old) {
			t.Fatalf("%s was given out though there had been %s", id, old)
		}
	}
	first := queueIn(t, before, had)[0]
	if got := argOf(tell("next"), "reply"); got != first {
		t.Errorf("next gives %s, want %s", got, first)
	}
	if reply := tell("reply " + first + " we are back"); !strings.Contains(fmt.Sprint(reply), "we are back") {
		t.Errorf("the asker is told %v", reply)
	}
	if err := run2.failed(); err != nil {
		t.Error(err)
	}
}

// TestRestoreRefuses: nothing is overwritten by mistake, and no damaged copy is
// used.
func TestRestoreRefuses(t *testing.T) {
	needTools(t)
	_, db, at := guarded(t, "", "secret")
	ctx := t.Context()
	if err := db.Set(ctx, prefix+"number", 7, 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := db.Set(ctx, prefix+"fence", 3, 0).Err(); err != nil {
		t.Fatal(err)
	}
	copies := t.TempDir()
	env := []string{"SIGNPOST_REDIS_URL=" + at, "BACKUP_KEEP=1"}
	for _, old := range []string{"signpost-20200101T000000Z.rdb", "signpost-20200101T000000Z.rdb.sha256", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(copies, old), []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tool(t, 0, env, "backup.sh", copies)
	left, err := filepath.Glob(filepath.Join(copies, "*"))
	if err != nil || len(left) != 3 || filepath.Base(left[0]) != "notes.txt" {
		t.Fatalf("left are %q, %v; want the newest copy, its sum, and what is not ours", left, err)
	}
	file := left[1]
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; others can read the copy", info.Mode(), err)
	}

	t.Run("a user of its own", func(t *testing.T) { // as docs/backup.md has it
		data, err := os.ReadFile("docs/backup.md")
		if err != nil {
			t.Fatal(err)
		}
		rule := regexp.MustCompile(`ACL SETUSER backup on >PASSWORD .*`).FindString(string(data))
		words := []any{}
		for _, word := range strings.Fields(strings.Replace(rule, "PASSWORD", "sesame", 1)) {
			words = append(words, word)
		}
		if err := db.Do(ctx, words...).Err(); err != nil {
			t.Fatalf("%q: %v", rule, err)
		}
		tool(t, 0, []string{"SIGNPOST_REDIS_URL=" + strings.Replace(at, ":secret@", "backup:sesame@", 1)}, "backup.sh", t.TempDir())
	})
	t.Run("wrong password", func(t *testing.T) {
		dir := t.TempDir()
		out := tool(t, 1, []string{"SIGNPOST_REDIS_URL=" + strings.Replace(at, "secret", "guess", 1)}, "backup.sh", dir)
		if left, _ := os.ReadDir(dir); len(left) > 0 || strings.Contains(out, "guess") {
			t.Errorf("left %v, said %s", left, out)
		}
	})
	t.Run("a Cluster", func(t *testing.T) {
		tool(t, 2, []string{"SIGNPOST_REDIS_URL=redis+cluster://127.0.0.1:1"}, "backup.sh", t.TempDir())
	})
	t.Run("a damaged copy", func(t *testing.T) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		bad, dir := filepath.Join(t.TempDir(), "bad.rdb"), t.TempDir()
		for _, damage := range [][]byte{data[:len(data)-9], slices.Concat(data[:len(data)/2], []byte("x"), data[len(data)/2+1:]), nil} {
			if err := os.WriteFile(bad, damage, 0o600); err != nil {
				t.Fatal(err)
			}
			tool(t, 2, nil, "restore.sh", bad, dir)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("left %v", left)
		}
	})
	t.Run("another sum", func(t *testing.T) {
		other := filepath.Join(t.TempDir(), "other.rdb")
		data, err := os.ReadFile(file)
		if err := errors.Join(err, os.WriteFile(other, data, 0o600), os.WriteFile(other+".sha256", []byte("0000  other.rdb\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
		tool(t, 2, nil, "restore.sh", other, t.TempDir())
	})
	t.Run("a folder in use", func(t *testing.T) {
		s, client, _ := guarded(t, t.TempDir(), "")
		if err := client.Set(ctx, "mine", "1", 0).Err(); err != nil {
			t.Fatal(err)
		}
		for _, words := range [][]string{{file, s.dir}, {"--force", file, s.dir}} {
			if out := tool(t, 2, nil, append([]string{"restore.sh"}, words...)...); !strings.Contains(out, "stop it") {
				t.Errorf("said %s", out)
			}
		}
		// As from another container, where its process is not seen.
		if out := tool(t, 2, []string{"RESTORE_ASK=" + s.addr()}, "restore.sh", file, t.TempDir()); !strings.Contains(out, "stop it") {
			t.Errorf("said %s", out)
		}
		s.kill()
		if out := tool(t, 2, nil, "restore.sh", file, s.dir); !strings.Contains(out, "--force") {
			t.Errorf("said %s", out)
		}
		out := tool(t, 0, []string{"RESTORE_SKIP=20"}, "restore.sh", "--force", file, s.dir)
		if !strings.Contains(out, "the newest number given out was 7, the next ticket is T-28") {
			t.Errorf("said %s", out)
		}
		aside, err := filepath.Glob(filepath.Join(s.dir, "before-restore-*", "appendonlydir", "*.manifest"))
		if err != nil || len(aside) != 1 {
			t.Errorf("put aside: %q, %v", aside, err)
		}
		if err := s.start(); err != nil {
			t.Fatal(err)
		}
		got := everything(t, s.admin(t))
		if want := map[string]string{prefix + "number": `"27"`, prefix + "fence": `"23"`}; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("holds %v, want %v", got, want)
		}
	})
}

// TestRedisStart: the script with which Redis is started takes back what a crash
// has left of half a step, and nothing else.
func TestRedisStart(t *testing.T) {
	needTools(t)
	file := func(t *testing.T, s *redisServer) string {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(s.dir, "appendonlydir", "*.incr.aof"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%d files: %v", len(files), err)
		}
		return files[0]
	}
	for _, test := range []struct {
		name   string
		tear   func(data []byte, whole int) []byte
		most   int // bytes that may be taken back
		exit   int
		keys   int64 // of the three that are set one by one and the two of a script
		kept   int   // bytes that are kept aside
		notice string
	}{
		{"whole", func(data []byte, _ int) []byte { return data }, 5000, 0, 5, 0, ""},
		{"cut within a step", func(data []byte, whole int) []byte { return data[:whole+40] }, 5000, 0, 3, 40, "40 bytes of half a step"},
		{"garbage behind", func(data []byte, _ int) []byte { return append(data, "\x00\x00\x00\x00junk"...) }, 5000, 0, 5, 8, "8 bytes"},
		{"zeros of a lost write", func(data []byte, whole int) []byte { return append(data[:whole], make([]byte, 4096)...) }, 4096, 0, 3, 4096, "4096 bytes"},
		{"damage", func(data []byte, _ int) []byte { data[0] = 'x'; return data }, 100, 1, 0, 0, "REDIS_TORN_MOST="},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := startRedis(t, "--appendfsync", "always")
			for n := range 3 {
				if err := s.admin(t).Set(t.Context(), fmt.Sprint("key", n), strings.Repeat("v", 50), 0).Err(); err != nil {
					t.Fatal(err)
				}
			}
			aof := file(t, s)
			info, err := os.Stat(aof)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.admin(t).Eval(t.Context(), `redis.call("SET", "half", "1"); redis.call("SET", "other half", "1")`, nil).Err(); err != nil && !errors.Is(err, goredis.Nil) {
				t.Fatal(err)
			}
			s.kill()
			data, err := os.ReadFile(aof)
			if err != nil {
				t.Fatal(err)
			}
			torn := test.tear(slices.Clone(data), int(info.Size()))
			if err := os.WriteFile(aof, torn, 0o644); err != nil {
				t.Fatal(err)
			}
			out := tool(t, test.exit, []string{"REDIS_DIR=" + s.dir, fmt.Sprint("REDIS_TORN_MOST=", test.most)}, "redis-start.sh", "--mend")
			if !strings.Contains(out, test.notice) {
				t.Errorf("said %q, want %q", out, test.notice)
			}
			if test.exit != 0 {
				if now, err := os.ReadFile(aof); err != nil || string(now) != string(torn) {
					t.Errorf("the file was changed: %v", err)
				}
				return
			}
			kept := 0
			parts, err := filepath.Glob(filepath.Join(s.dir, "torn", "*"))
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range parts {
				data, err := os.ReadFile(part)
				if err != nil {
					t.Fatal(err)
				}
				kept += len(data)
			}
			if kept != test.kept {
				t.Errorf("%d bytes are kept, want %d", kept, test.kept)
			}
			if err := s.start("--aof-load-truncated", "no"); err != nil { // it would refuse a torn file
				t.Fatal(err)
			}
			if n, err := s.admin(t).DBSize(t.Context()).Result(); err != nil || n != test.keys {
				t.Errorf("%d keys, %v; want %d", n, err, test.keys)
			}
		})
	}
}

// TestRedisStartOfValkey9: its checker finds fault with a whole file that the
// server wrote first, as that of Redis does; nothing is cut.
// Source: https://github.com/valkey-io/valkey/pull/4739
func TestRedisStartOfValkey9(t *testing.T) {
	needTools(t)
	s := startRedis(t)
	if err := s.admin(t).Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.kill()
	files, err := filepath.Glob(filepath.Join(s.dir, "appendonlydir", "*.base.rdb"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	copy(data, "VALKEY080")
	if err := os.WriteFile(files[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := tool(t, 0, []string{"REDIS_DIR=" + s.dir}, "redis-start.sh", "--mend"); out != "" {
		t.Errorf("said %s", out)
	}
	if now, err := os.ReadFile(files[0]); err != nil || string(now) != string(data) {
		t.Errorf("the file was changed: %v", err)
	}
}

// TestRedisStarted: started by the script, with a password from a file, Redis is
// as the program wants it.
func TestRedisStarted(t *testing.T) {
	needTools(t)
	dir := t.TempDir()
	secret := filepath.Join(dir, "password")
	const password = `a "quoted\" word`
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	cmd := exec.CommandContext(t.Context(), "sh", filepath.Join("deploy", "redis-start.sh"), "--port", "0", "--unixsocket", socket)
	cmd.Env = append(os.Environ(), "REDIS_DIR="+dir, "REDIS_PASSWORD_FILE="+secret)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	db := goredis.NewClient(&goredis.Options{Network: "unix", Addr: socket, Password: password})
	defer db.Close()
	if err := until(t.Context(), "a start", func(ctx context.Context) error { return db.Ping(ctx).Err() }); err != nil {
		t.Fatal(err)
	}
	for setting, want := range map[string]string{"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction", "save": "", "dir": dir} {
		got, err := db.ConfigGet(t.Context(), setting).Result()
		if err != nil || got[setting] != want {
			t.Errorf("%s = %q, %v; want %q", setting, got[setting], err, want)
		}
	}
	words, err := exec.CommandContext(t.Context(), "ps", "-o", "args=", "-p", fmt.Sprint(cmd.Process.Pid)).Output()
	if err == nil && regexp.MustCompile(`quoted`).Match(words) {
		t.Errorf("the password stands on the command line: %s", words)
	}
	guest := goredis.NewClient(&goredis.Options{Network: "unix", Addr: socket})
	defer guest.Close()
	if err := guest.Ping(t.Context()).Err(); err == nil {
		t.Error("it lets in whoever has no password")
	}
}
