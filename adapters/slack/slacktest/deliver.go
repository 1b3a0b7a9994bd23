package slacktest

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

var (
	// ErrTimeout is what a person reads when the app did not answer in time.
	ErrTimeout = errors.New("operation_timeout")
	// ErrDispatch is what they read when it could not be reached, or refused.
	ErrDispatch = errors.New("dispatch_failed")
)

// A kind of payload, as sockets name it.
const (
	kindEvent  = "events_api"
	kindSlash  = "slash_commands"
	kindAction = "interactive"
)

// A delivery is a payload on its way to the app.
type delivery struct {
	kind    string
	event   string // its type
	payload object
}

// An attempt is what became of sending a delivery once.
type attempt struct {
	answer []byte
	failed string // why it was not acknowledged, empty if it was
	stop   bool   // the app wants no more of it
}

// event is a delivery of something that happened, in a channel if c is not nil.
// It is nil if the app may not know. The lock is held.
func (s *Server) event(kind string, fields object, c *Channel) *delivery {
	if !s.hears(kind, c) {
		return nil
	}
	e := object{"type": kind}
	maps.Copy(e, fields)
	return &delivery{kindEvent, kind, object{
		"token": "verification", "team_id": s.opts.Team, "api_app_id": appID, "type": "event_callback", "enterprise_id": nil,
		"event": e, "event_id": s.id("Ev"), "event_time": s.opts.Now().Unix(), "event_context": "4-" + s.secret(),
		"authorizations": []object{{
			"enterprise_id": nil, "team_id": s.opts.Team, "user_id": botUID, "is_bot": true, "is_enterprise_install": false,
		}},
		"is_ext_shared_channel": c != nil && c.ExtShared, "context_team_id": s.opts.Team, "context_enterprise_id": nil,
	}}
}

// hears reports whether the bot has the scope for an event, and is there. The
// lock is held.
// Source: https://docs.slack.dev/reference/events
func (s *Server) hears(kind string, c *Channel) bool {
	if c != nil && !slices.Contains(c.Members, botUID) {
		return false
	}
	switch kind {
	case "message":
		return s.scopes[c.Kind.scope("history")]
	case "app_mention":
		return s.scopes["app_mentions:read"]
	case "reaction_added", "reaction_removed":
		return s.scopes["reactions:read"]
	case "member_joined_channel", "member_left_channel":
		return s.scopes[c.Kind.scope("read")]
	case "subteam_members_changed", "subteam_updated":
		return s.scopes["usergroups:read"]
	case "user_change":
		return s.scopes["users:read"]
	}
	return true
}

// deliver brings events to the app, side by side, and returns once each was
// acknowledged or given up.
func (s *Server) deliver(events ...*delivery) { s.expect(events)() }

// deliverLater is deliver for what the app set off itself, which does not keep
// it waiting.
func (s *Server) deliverLater(events ...*delivery) { s.background(s.expect(events)) }

// expect notes that events are on their way, and returns what delivers them.
func (s *Server) expect(events []*delivery) (deliver func()) {
	events = slices.DeleteFunc(slices.Clone(events), func(d *delivery) bool { return d == nil })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending += len(events)
	s.random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	repeat := s.repeat
	return func() {
		var all sync.WaitGroup
		for _, d := range events {
			all.Go(func() {
				defer s.arrived()
				times := 1
				if repeat != nil {
					times += repeat(d.event)
				}
				for range times {
					s.insist(d)
				}
			})
		}
		all.Wait()
	}
}

// insist sends an event until it is acknowledged, and as often as Slack does.
func (s *Server) insist(d *delivery) {
	reason := ""
	for n := 0; ; n++ {
		a := s.attempt(d, n, reason)
		if a.failed == "" || a.stop || n == len(s.opts.Retries) {
			return
		}
		reason = a.failed
		wait := time.NewTimer(s.opts.Retries[n])
		select {
		case <-wait.C:
		case <-s.ctx.Done():
			wait.Stop()
			return
		}
	}
}

// ask sends what a person is waiting for, once, and returns the app's answer,
// or what the person reads instead.
func (s *Server) ask(d *delivery) ([]byte, error) {
	s.mu.Lock()
	s.pending++
	s.mu.Unlock()
	defer s.arrived()
	switch a := s.attempt(d, 0, ""); a.failed {
	case "":
		return a.answer, nil
	case timedOut, "http_" + timedOut:
		return nil, ErrTimeout
	default:
		return nil, ErrDispatch
	}
}

func (s *Server) arrived() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending--
	s.change()
}

// timedOut is why something was not acknowledged in time.
const timedOut = "timeout"

// attempt sends a delivery once, for the n-th time after the first.
func (s *Server) attempt(d *delivery, n int, reason string) attempt {
	s.mu.Lock()
	base, sent := s.base, s.sent
	s.mu.Unlock()
	if sent != nil {
		sent(d.kind, d.payload)
	}
	if base != "" {
		return s.post(base, d, n, reason)
	}
	return s.write(d, n, reason)
}

// Emit sends the app an event as it is: for those that no deed here makes, and
// for what no Slack would send.
func (s *Server) Emit(event object) {
	kind, _ := event["type"].(string)
	s.mu.Lock()
	d := s.event("", nil, nil)
	d.event, d.payload["event"] = kind, event
	s.mu.Unlock()
	s.deliver(d)
}
