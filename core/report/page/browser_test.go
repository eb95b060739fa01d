package page_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	report "github.com/fusemoe/fusemoe/core/report/page"
)

// browser starts a headless browser, or skips the test where there is none. What the
// page says on the console, and what it asks the network for, is in the result.
func browser(t *testing.T) (context.Context, *heard) {
	t.Helper()
	var path string
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("there is no chromium on this machine: .ci/browser installs it")
	}
	// A machine that does much else takes its time: these only end what hangs.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WSURLReadTimeout(2*time.Minute))
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	h := &heard{}
	chromedp.ListenTarget(ctx, h.listen)
	if err := chromedp.Run(ctx, network.Enable(), log.Enable(), runtime.Enable()); err != nil {
		t.Fatal(err)
	}
	return ctx, h
}

// heard is what a page should not have said or asked for.
type heard struct {
	mu  sync.Mutex
	all []string
}

func (h *heard) listen(event any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		h.all = append(h.all, fmt.Sprintf("console: %s %v", e.Type, e.Args))
	case *runtime.EventExceptionThrown:
		h.all = append(h.all, "exception: "+e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		h.all = append(h.all, "log: "+e.Entry.Text)
	case *network.EventRequestWillBeSent:
		if e.Type != network.ResourceTypeDocument && e.Request.URL[:5] != "data:" {
			h.all = append(h.all, "request: "+e.Request.URL)
		}
	}
}

// layout is what a page looks like to a script.
type layout struct {
	Figures []figureLayout
	// Overflow is how many pixels the page is wider than the screen.
	Overflow float64
	Tables   int
}

type figureLayout struct {
	ID                  string
	Width, Height, Font float64
	Marks               int
}

const measure = `({
	Figures: [...document.querySelectorAll("figure")].map(f => { const s = f.querySelector("svg"), b = s.getBoundingClientRect(), t = s.querySelector("text"); return {
		ID: f.id, Width: b.width, Height: b.height, Marks: s.querySelectorAll("path").length,
		Font: t ? parseFloat(getComputedStyle(t).fontSize) * b.width / s.viewBox.baseVal.width : 0 } }),
	Overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
	Tables: document.querySelectorAll("table").length,
})`

// TestBrowser opens the pages of every kind of task, and one of several runs, on a
// desktop and on a phone: every figure is drawn and its text can be read, nothing is
// wider than the screen, and the browser has nothing to say. With PAGE_SHOTS=DIR it
// keeps what it saw.
func TestBrowser(t *testing.T) {
	ctx, heard := browser(t)
	pages := map[string][]byte{}
	for name, k := range kinds {
		pages[name] = []byte(written(t, run(200, 2, k...)))
	}
	var together bytes.Buffer
	first, second := run(200, 1, kinds["all"]...), run(200, 2, kinds["all"]...)
	second.Name = "second"
	if err := report.WriteTogether(&together, report.Together{Runs: []report.Run{first, second}, Why: "They are of different patients."}); err != nil {
		t.Fatal(err)
	}
	pages["together"] = together.Bytes()
	var one bytes.Buffer
	if err := report.WriteExplanation(&one, explained(30)); err != nil {
		t.Fatal(err)
	}
	pages["explanation"] = one.Bytes()
	for name, text := range pages {
		path := filepath.Join(t.TempDir(), "report.html")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		for device, width := range map[string]int64{"desktop": 1280, "phone": 390} {
			t.Run(name+" on a "+device, func(t *testing.T) {
				var seen layout
				err := chromedp.Run(ctx,
					emulation.SetDeviceMetricsOverride(width, 844, 2, width < 500),
					chromedp.Navigate("file://"+path),
					chromedp.Evaluate(measure, &seen),
					shot(name+"-"+device),
				)
				if err != nil {
					t.Fatal(err)
				}
				seen.check(t)
			})
		}
	}
	heard.mu.Lock()
	defer heard.mu.Unlock()
	for _, what := range heard.all {
		t.Error(what)
	}
}

func (l layout) check(t *testing.T) {
	t.Helper()
	if len(l.Figures) < 4 || l.Tables < 3 {
		t.Errorf("%d figures and %d tables", len(l.Figures), l.Tables)
	}
	if l.Overflow > 0 {
		t.Errorf("the page is %v pixels wider than the screen", l.Overflow)
	}
	for _, f := range l.Figures {
		// Below 8 pixels a text is no text on a phone.
		if f.Width < 280 || f.Height < 60 || f.Marks < 3 || f.Font < 8 {
			t.Errorf("figure %s is %vx%v with %d marks and text of %v pixels", f.ID, f.Width, f.Height, f.Marks, f.Font)
		}
	}
}

// TestPrint prints a page.
func TestPrint(t *testing.T) {
	ctx, _ := browser(t)
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(written(t, run(200, 2, kinds["binary"]...))), 0o600); err != nil {
		t.Fatal(err)
	}
	var pdf []byte
	err := chromedp.Run(ctx, chromedp.Navigate("file://"+path), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().WithPreferCSSPageSize(true).Do(ctx)
		return err
	}))
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("%d bytes (%v)", len(pdf), err)
	}
	keep(t, "print.pdf", pdf)
}

// shot keeps a picture of the whole page.
func shot(name string) chromedp.Action {
	if os.Getenv("PAGE_SHOTS") == "" {
		return chromedp.Tasks{}
	}
	return chromedp.ActionFunc(func(ctx context.Context) error {
		var image []byte
		if err := chromedp.FullScreenshot(&image, 100).Do(ctx); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(os.Getenv("PAGE_SHOTS"), name+".png"), image, 0o600)
	})
}

func keep(t *testing.T, name string, content []byte) {
	t.Helper()
	if dir := os.Getenv("PAGE_SHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Error(err)
		}
	}
}
