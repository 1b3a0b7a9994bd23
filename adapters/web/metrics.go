package web

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxScrapes is how many may be answered at once: each asks the store.
const maxScrapes = 4

// maxLabel bounds a label's value, in bytes.
const maxLabel = 64

// buckets run from a millisecond, a script in Redis, to ten minutes, a reply
// that waited for its platform.
var buckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 600}

// A Stage is a part of an event's way.
type Stage string

const (
	AcceptStage  Stage = "accept"  // storing it
	WaitStage    Stage = "wait"    // between accepted and taken
	HandleStage  Stage = "handle"  // working out and committing what it changes
	DeliverStage Stage = "deliver" // one try to deliver a reply
)

// Stats are how much waits in the store, and how old the oldest of it is.
type Stats struct {
	Lanes       int
	Events      int
	EventAge    time.Duration
	Replies     map[string]int // by platform
	ReplyAge    map[string]time.Duration
	Tickets     map[string]int // open ones, by desk
	TicketAge   map[string]time.Duration
	Timers      int
	DeadLetters int
}

// Metrics count what happens, in a registry of their own. No label names a
// person, a channel or a ticket. Methods are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	stats    func(context.Context) (Stats, error)
	ready    func(context.Context) string // set by the server; nil: always

	questions  *prometheus.CounterVec
	meanings   *prometheus.CounterVec
	events     *prometheus.CounterVec
	stages     *prometheus.HistogramVec
	deliveries *prometheus.CounterVec
	claims     prometheus.Counter
	golden     *prometheus.CounterVec
	troubles   *prometheus.CounterVec
	imports    *prometheus.CounterVec
	articles   *prometheus.CounterVec
}

// NewMetrics counts for a program of a version. Stats is asked at each scrape
// and heeds its context, which ends soon; nil: no store.
func NewMetrics(version string, stats func(context.Context) (Stats, error)) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), stats: stats,
		questions: counters("questions_total", "Questions that were answered, by how sure the answer was.", "level", "language", "audience"),
		meanings:  counters("meanings_total", "Questions that were looked up, by what told what they mean: server, static, none.", "source"),
		events:    counters("events_total", "Events by what became of them: accepted, repeated, finished, failed, buried.", "platform", "result"),
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "signpost_stage_seconds", Help: "Time an event spent in each stage: accept, wait, handle; deliver is one try.", Buckets: buckets,
		}, []string{"stage"}),
		deliveries: counters("deliveries_total", "Tries to deliver a reply by how they ended.", "platform", "how"),
		claims:     prometheus.NewCounter(prometheus.CounterOpts{Name: "signpost_claims_total", Help: "Tickets that were claimed."}),
		golden:     counters("golden_runs_total", "Times that golden questions were asked about what was learned, by what came of it: kept, reverted, failed.", "result"),
		troubles:   counters("store_errors_total", "Failures of the store (Redis) by the step that met them.", "step"),
		imports:    counters("imports_total", "Imports of articles by how they ended: ok, partly, failed.", "source", "result"),
		articles:   counters("imported_articles_total", "Articles that imports met: new, changed, failed.", "source", "what"),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "signpost_build_info", Help: "Always 1; the labels tell what runs.",
		ConstLabels: prometheus.Labels{"version": label(version), "go": runtime.Version()},
	})
	info.Set(1)
	m.registry.MustRegister(
		m.questions, m.meanings, m.events, m.stages, m.deliveries, m.claims, m.golden, m.troubles, m.imports, m.articles, info, scrape{m},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	// Known values stand at 0 from the start: a rate needs something to begin at.
	for _, stage := range []Stage{AcceptStage, WaitStage, HandleStage, DeliverStage} {
		m.stages.WithLabelValues(string(stage))
	}
	for _, by := range []string{"server", "static", "none"} {
		m.meanings.WithLabelValues(by)
	}
	for _, result := range []string{"kept", "reverted", "failed"} {
		m.golden.WithLabelValues(result)
	}
	for _, step := range []string{"accept", "handle", "deliver", "fire", "trim", "stats"} {
		m.troubles.WithLabelValues(step)
	}
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "signpost_" + name, Help: help}, labels)
}

// label makes a text fit for a label's value: others may have chosen it.
func label(s string) string {
	if s = strings.ToValidUTF8(s, "?"); s == "" || len(s) > maxLabel {
		return "other"
	}
	return s
}

// Asked counts a question that was answered.
func (m *Metrics) Asked(level, language, audience string) {
	m.questions.WithLabelValues(label(level), label(language), label(audience)).Inc()
}

// Meant counts a question by what told what it means: server, static, none.
func (m *Metrics) Meant(by string) { m.meanings.WithLabelValues(label(by)).Inc() }

// Event counts what became of an event: accepted, repeated, finished, failed or
// buried.
func (m *Metrics) Event(platform, result string) {
	m.events.WithLabelValues(label(platform), label(result)).Inc()
}

// Took counts the time that a stage took.
func (m *Metrics) Took(s Stage, d time.Duration) {
	m.stages.WithLabelValues(string(s)).Observe(max(0, d.Seconds()))
}

// Delivery counts a try to deliver.
func (m *Metrics) Delivery(platform, how string) {
	m.deliveries.WithLabelValues(label(platform), label(how)).Inc()
}

// Claimed counts a ticket that was claimed.
func (m *Metrics) Claimed() { m.claims.Inc() }

// Examined counts a time that golden questions were asked about what was learned:
// kept, reverted or failed.
func (m *Metrics) Examined(result string) { m.golden.WithLabelValues(label(result)).Inc() }

// Trouble counts a failure of the store.
func (m *Metrics) Trouble(step string) { m.troubles.WithLabelValues(label(step)).Inc() }

// Imported counts an import by how it ended, and the articles that it met.
func (m *Metrics) Imported(source, result string, articles map[string]int) {
	m.imports.WithLabelValues(label(source), label(result)).Inc()
	for what, n := range articles {
		m.articles.WithLabelValues(label(source), label(what)).Add(float64(n))
	}
}

// handler answers a scrape. What cannot be gathered is left out of the answer.
func (m *Metrics) handler(log *slog.Logger) http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: maxScrapes,
	})
}

// Gauges that each scrape asks the store for. They tell of the installation as
// a whole: every replica tells the same.
var (
	readyDesc       = gauge("ready", "1 if this process can do its work.")
	lanesDesc       = gauge("lanes", "Lanes with events that are not handled yet.")
	eventsDesc      = gauge("events_waiting", "Events that are not handled yet.")
	eventAgeDesc    = gauge("event_age_seconds", "How long the oldest event has waited that could be handled.")
	repliesDesc     = gauge("outbox_replies", "Replies that are not delivered yet.", "platform")
	replyAgeDesc    = gauge("outbox_age_seconds", "How long the oldest reply has waited.", "platform")
	ticketsDesc     = gauge("queue_tickets", "Open tickets, which nobody holds.", "desk")
	ticketAgeDesc   = gauge("queue_age_seconds", "Age of the oldest open ticket.", "desk")
	timersDesc      = gauge("timers", "Timers that are set.")
	deadLettersDesc = gauge("dead_letters", "Events and replies that were given up and wait for someone to look.")
)

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("signpost_"+name, help, labels, nil)
}

// A scrape collects the gauges of the store. If the store does not answer they
// are left out.
type scrape struct{ m *Metrics }

// Describe implements [prometheus.Collector].
func (scrape) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		readyDesc, lanesDesc, eventsDesc, eventAgeDesc, repliesDesc, replyAgeDesc, ticketsDesc, ticketAgeDesc, timersDesc, deadLettersDesc,
	} {
		ch <- desc
	}
}

// Collect implements [prometheus.Collector].
func (s scrape) Collect(ch chan<- prometheus.Metric) {
	send := func(desc *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), probe)
	defer cancel()
	if s.m.ready != nil && s.m.ready(ctx) != "" {
		send(readyDesc, 0)
	} else {
		send(readyDesc, 1)
	}
	if s.m.stats == nil {
		return
	}
	stats, err := s.m.stats(ctx)
	if err != nil {
		s.m.Trouble("stats")
		return
	}
	send(lanesDesc, float64(stats.Lanes))
	send(eventsDesc, float64(stats.Events))
	send(eventAgeDesc, stats.EventAge.Seconds())
	send(timersDesc, float64(stats.Timers))
	send(deadLettersDesc, float64(stats.DeadLetters))
	for platform, n := range stats.Replies {
		send(repliesDesc, float64(n), label(platform))
		send(replyAgeDesc, stats.ReplyAge[platform].Seconds(), label(platform))
	}
	for desk, n := range stats.Tickets {
		send(ticketsDesc, float64(n), label(desk))
		send(ticketAgeDesc, stats.TicketAge[desk].Seconds(), label(desk))
	}
}
