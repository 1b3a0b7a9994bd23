package slacktest

// OnSend tells f of every payload that goes to the app.
func (s *Server) OnSend(f func(kind string, payload map[string]any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = f
}

// ParseArgs, Inspect and Markup are for fuzz tests: they read what others
// choose.
func ParseArgs(kind, query string, body []byte) (map[string]any, error) {
	return parseArgs(kind, query, body)
}

func Inspect(blocks []map[string]any) []string { return inspect(blocks, messageSurface) }

// Markup is what Slack makes of typed text, and what its pings are.
func (s *Server) Markup(text string) (markedUp string, pings []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	markedUp = markup(s.runs(text), false)
	return markedUp, mentions.FindAllString(markedUp, -1)
}
