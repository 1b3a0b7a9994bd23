package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

var (
	soakFor  = flag.Duration("soak.for", 0, "how long TestSoak takes; 0: it is skipped")
	soakIdle = flag.Duration("soak.idle", 30*time.Second, "how long TestSoak watches the idle program")
)

// soakEvery is the time between two conversations: about 50 events a second.
const soakEvery = 200 * time.Millisecond

// A sample is how a program is doing.
type sample struct {
	at         time.Duration
	resident   float64 // MB, by the operating system
	goroutines float64
	work       int // keys of what is not done yet
	kept       int // keys of what is kept for a time: here, a minute
	forGood    int // keys of tickets
}

// resident is how much memory a process has, in MB.
func resident(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	pages, err := strconv.ParseFloat(fields[1], 64)
	return pages * float64(os.Getpagesize()) / 1e6, err
}

// ticksPerSecond is the unit of times in /proc: 100 on all Linux but a few.
// Source: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
const ticksPerSecond = 100

// busy is how much processor time a process has used.
func busy(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before it may hold anything
	fields := strings.Fields(rest)
	user, err := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticksPerSecond, errors.Join(err, err2)
}

// gauge reads a figure from /metrics.
func gauge(ctx context.Context, addr, name string) (float64, error) {
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("no %s at %s", name, addr)
}

// look samples a program and its Redis.
func look(ctx context.Context, p *program, db *goredis.Client) (s sample, err error) {
	if s.resident, err = resident(p.cmd.Process.Pid); err != nil {
		return s, err
	}
	if s.goroutines, err = gauge(ctx, p.web, "go_goroutines"); err != nil {
		return s, err
	}
	for keys := db.Scan(ctx, 0, prefix+"*", 1000).Iterator(); keys.Next(ctx); {
		kind, _, many := strings.Cut(strings.TrimPrefix(keys.Val(), prefix), ":")
		switch {
		case !many: // one key, however much is stored
		case kind == "ticket" || kind == "asker" || kind == "holder" || kind == "person":
			s.forGood++
		case kind == "conversation" || kind == "newest" || kind == "receipt":
			s.kept++
		default:
			s.work++
		}
	}
	return s, nil
}

// TestSoak runs the program under steady load: memory, goroutines and keys stay
// level, and SIGTERM ends it soon, with nothing lost.
//
//	make soak
//	go test -run TestSoak -v . -soak.for=1m -soak.idle=5s
func TestSoak(t *testing.T) {
	if *soakFor == 0 {
		t.Skip("make soak")
	}
	if runtime.GOOS != "linux" {
		t.Skip("it reads /proc")
	}
	needRedis(t)
	endWithUs()
	t.Setenv(actAsForgetful, "1m")
	ctx, cancel := context.WithTimeout(t.Context(), *soakIdle+*soakFor+4*time.Minute)
	defer cancel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	server := startRedis(t)
	db := server.admin(t)
	url := "redis://" + server.addr() + "/0"
	platform, err := newScripted(weather{Late: 0.01, Limited: 0.01, Failing: 0.01, Slow: 5 * time.Millisecond}, 1)
	must(err)
	defer platform.close()
	p, err := startProgram(url, platform.address)
	must(err)
	defer func() { p.kill() }()

	before, err := busy(p.cmd.Process.Pid)
	must(err)
	rest(ctx, *soakIdle)
	after, err := busy(p.cmd.Process.Pid)
	must(err)
	memory, err := resident(p.cmd.Process.Pid)
	must(err)
	var page strings.Builder
	w := tabwriter.NewWriter(&page, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "idle for %s: %.0f MB resident, %.2f %% of a processor\n\n", *soakIdle, memory, 100*(after-before).Seconds()/soakIdle.Seconds())

	j := newJudge(platform, agentsAtWork, 1)
	starting := time.NewTicker(soakEvery)
	defer starting.Stop()
	began := time.Now()
	var samples []sample // the first when it is warm
	looks, most := 0, 0  // keys that are kept go once a minute, so the most of a while counts
	for time.Since(began) < *soakFor {
		select {
		case <-starting.C:
			j.start(ctx)
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
		share := time.Since(began).Seconds() / soakFor.Seconds()
		if share < 0.02*float64(looks+1) {
			continue
		}
		s, err := look(ctx, p, db)
		must(err)
		looks++
		most = max(most, s.kept)
		if share >= 0.2*float64(len(samples)+1) {
			s.at, s.kept, most = time.Since(began), most, 0
			samples = append(samples, s)
		}
	}
	fmt.Fprintln(w, "after\tresident\tgoroutines\tkeys of work\tkept a minute, at most\tfor good")
	for _, s := range samples {
		fmt.Fprintf(w, "%s\t%.0f MB\t%.0f\t%d\t%d\t%d\n", s.at.Round(time.Second), s.resident, s.goroutines, s.work, s.kept, s.forGood)
	}

	// The end comes while people talk; another program goes on.
	asked := time.Now()
	must(p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.ended:
	case <-ctx.Done():
		t.Fatal("the program does not end")
	}
	took, left := time.Since(asked), p.cmd.ProcessState
	next, err := startProgram(url, platform.address)
	must(err)
	p = next
	j.wait()
	must(nothingLeft(ctx, platform, db))
	c, err := takeCensus(ctx, db)
	must(err)
	v := j.verdict(c)
	fmt.Fprintf(w, "\nSIGTERM under load: %s after %s\n", left, took.Round(time.Millisecond))
	fmt.Fprintf(w, "%d events, %d outcomes, %d lost, %d doubled, %d disordered, %d ⚠\n", v.Events, v.Outcomes, v.Lost, v.Doubled, v.Disordered, v.Warned)
	w.Flush()
	fmt.Fprint(t.Output(), "\n"+page.String())

	if v.wrong() || v.Outcomes != v.Events {
		t.Error(strings.Join(v.complaints, "\n"))
	}
	if took > 10*time.Second || !left.Success() {
		t.Errorf("SIGTERM: %s after %s", left, took)
	}
	if len(samples) < 3 {
		return // too short to tell
	}
	middle, end := samples[len(samples)/2], samples[len(samples)-1]
	level := func(what string, from, to, slack float64) {
		if to > from*1.25+slack {
			t.Errorf("%s grew from %.0f to %.0f", what, from, to)
		}
	}
	level("memory", middle.resident, end.resident, 5)
	level("goroutines", middle.goroutines, end.goroutines, 20)
	level("keys of work", float64(middle.work), float64(end.work), 200)
	if *soakFor >= 8*time.Minute { // a minute to keep, a minute until it is trimmed
		level("keys kept a minute", float64(middle.kept), float64(end.kept), 200)
	}
}
