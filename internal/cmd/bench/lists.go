package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

const (
	pageSize      = 100
	parallelPages = 4
)

// lists measures the data source over processes of several sizes, and beside it the bare transfer of the same pages.
func (b *bench) lists(ctx context.Context, sizes []int) error {
	const delay = 20 * time.Millisecond
	b.printf("\nThe data source over T keys at %s, against the bare transfer of the same pages, one after another and %d at a time; "+
		"the seconds of the data source are those of the whole `terraform plan` less those of a plan over an empty process:\n\n", delay, parallelPages)
	b.printf("| T | list requests | seconds | loop | ratio | ideal | ratio | peak memory of the provider |\n|---|---|---|---|---|---|---|---|\n")
	config := fmt.Sprintf("\ndata \"alphamoon_process_api_keys\" \"test\" {\n  process_id = %q\n}\n", sandbox.DefaultProcessID)
	if err := b.workspace("list", config); err != nil {
		return err
	}
	for _, size := range sizes {
		if err := b.serve(ctx); err != nil {
			return err
		}
		b.latency(delay)
		plan := func() (time.Duration, error) { return b.terraform(ctx, "list", nil, "plan") }
		empty, err := byTurns(plan)
		if err != nil {
			return err
		}
		b.fill(size)
		b.box.ClearJournal()
		took, err := byTurns(plan, func() (time.Duration, error) { return b.transfer(ctx, size, 1) },
			func() (time.Duration, error) { return b.transfer(ctx, size, parallelPages) })
		if err != nil {
			return err
		}
		// Each round has one plan and two transfers.
		requests := (b.box.Count(sandbox.List) - 6*((size+pageSize-1)/pageSize)) / 3
		peak, err := b.peakMemory(ctx)
		if err != nil {
			return err
		}
		net := took[0] - empty[0]
		b.printf("| %d | %d | %.2f | %.2f | %.2f | %.2f | %.2f | %s |\n", size, requests, net.Seconds(), took[1].Seconds(), ratio(net, took[1]),
			took[2].Seconds(), ratio(net, took[2]), peak)
	}
	return nil
}

// transfer reads the pages of the process and throws them away.
func (b *bench) transfer(ctx context.Context, size, concurrency int) (time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: concurrency}}
	defer client.CloseIdleConnections()
	user, pass, _ := strings.Cut(sandbox.DefaultCredential, ":")
	began := time.Now() //nolint:forbidigo // a benchmark measures
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	for offset := 0; offset < size; offset += pageSize {
		group.Go(func() error {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet,
				fmt.Sprintf("%s/api/v0.4/processes/%s/api-keys?offset=%d&limit=%d", b.url, sandbox.DefaultProcessID, offset, pageSize), nil)
			if err != nil {
				return err
			}
			request.SetBasicAuth(user, pass)
			response, err := client.Do(request)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			if response.StatusCode != http.StatusOK {
				return errors.New(response.Status)
			}
			_, err = io.Copy(io.Discard, response.Body)
			return err
		})
	}
	err := group.Wait()
	return time.Since(began), err //nolint:forbidigo // as above
}

var (
	reattachForm = regexp.MustCompile(`TF_REATTACH_PROVIDERS='(.*)'`)
	peakForm     = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)
)

// peakMemory plans once with a provider whose process it can look at.
func (b *bench) peakMemory(ctx context.Context) (string, error) {
	command := exec.CommandContext(ctx, b.path("bin", "terraform-provider-alphamoon"), "-debug") //nolint:gosec // built above
	command.Env = terraformcli.Environ(map[string]string{"ALPHAMOON_API_KEY": sandbox.DefaultCredential, "ALPHAMOON_BASE_URL": b.url})
	output, err := command.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := command.Start(); err != nil {
		return "", err
	}
	defer func() { _ = command.Process.Kill(); _ = command.Wait() }()
	reattach := ""
	for lines := bufio.NewScanner(output); reattach == "" && lines.Scan(); {
		if match := reattachForm.FindStringSubmatch(lines.Text()); match != nil {
			reattach = match[1]
		}
	}
	if reattach == "" {
		return "", errors.New("the provider does not say how to attach to it")
	}
	if _, err := b.terraform(ctx, "list", map[string]string{"TF_REATTACH_PROVIDERS": reattach}, "plan"); err != nil {
		return "", err
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", command.Process.Pid))
	if errors.Is(err, os.ErrNotExist) {
		return "not known on this system", nil
	}
	if err != nil {
		return "", err
	}
	match := peakForm.FindSubmatch(status)
	if match == nil {
		return "not known on this system", nil
	}
	var kilobytes int
	if _, err := fmt.Sscan(string(match[1]), &kilobytes); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d MB", kilobytes/1024), nil
}
