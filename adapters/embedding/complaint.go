package embedding

import (
	"cmp"
	"encoding/json"
	"strings"
	"unicode"
)

const (
	// maxComplaint is how many characters of a server's complaint are kept.
	maxComplaint = 200
	// A complaint that has a run of so many bytes with a text or the key in common
	// quotes it.
	quotedText = 16
	quotedKey  = 6
)

// complaint is what a server says is wrong, in one short line: as OpenAI, Ollama
// and TEI, or FastAPI put it, or as plain text. One that quotes a text or the key
// is left out.
func complaint(body []byte, key string, texts []string) string {
	var said struct {
		Error   json.RawMessage
		Message string
		Detail  json.RawMessage
	}
	text := string(body[:min(len(body), 4*maxComplaint)])
	if strings.HasPrefix(strings.TrimSpace(text), "<") {
		return "a web page; check url"
	}
	if json.Unmarshal(body, &said) == nil {
		text = said.Message
		for _, raw := range []json.RawMessage{said.Error, said.Detail} {
			text = cmp.Or(text, sentence(raw))
		}
	}
	text = strings.ToValidUTF8(strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " "), "")
	if text == "" {
		return "no reason given"
	}
	if quotes(text, key, quotedKey) {
		return "the reason quotes the key"
	}
	for _, t := range texts {
		if quotes(text, t, quotedText) {
			return "the reason quotes a text"
		}
	}
	if runes := []rune(text); len(runes) > maxComplaint {
		text = string(runes[:maxComplaint]) + "…"
	}
	return text
}

// sentence is what an error says that may be a text, an object with a message,
// or a list of these.
func sentence(raw json.RawMessage) string {
	var text string
	var object struct{ Message, Msg string }
	var list []json.RawMessage
	switch {
	case json.Unmarshal(raw, &text) == nil:
		return text
	case json.Unmarshal(raw, &object) == nil:
		return cmp.Or(object.Message, object.Msg)
	case json.Unmarshal(raw, &list) == nil && len(list) > 0 && list[0][0] == '{':
		return sentence(list[0])
	}
	return ""
}

// quotes reports whether a text shares a run of n bytes with a secret one, or
// has all of a shorter one.
func quotes(text, secret string, n int) bool {
	if len(secret) <= n {
		return secret != "" && strings.Contains(text, secret)
	}
	for i := 0; i+n <= len(text); i++ {
		if strings.Contains(secret, text[i:i+n]) {
			return true
		}
	}
	return false
}
