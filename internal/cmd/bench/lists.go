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

	"github.com/alphamoon/terraform-provider-alphamoon/internal/alphamoon"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/sandbox"
	"github.com/alphamoon/terraform-provider-alphamoon/internal/terraformcli"
)

// lists measures the data source over processes of several sizes, and beside it the bare transfer of the same pages.
func (b *bench) lists(ctx context.Context, sizes []int) error {
	const delay = 20 * time.Millisecond
	b.printf("\nListing T keys at %s. The client's listing and the data source are set against the bare transfer of the "+
		"same pages, one after another (loop) and %d at a time (ideal); the seconds of the data source are those of a "+
		"whole `terraform plan` less those of a plan over an empty process, so that they hold what the plugin framework "+
		"and Terraform do with the result:\n\n", delay, alphamoon.ParallelPages)
	b.printf("| T | requests | loop | ideal | client | to ideal | data source | to loop | to ideal | peak memory: refresh " +
		"| data source |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
	config := fmt.Sprintf("\ndata \"alphamoon_process_api_keys\" \"test\" {\n  process_id = %q\n}\n",
		sandbox.DefaultProcessID)
	if err := b.workspace("list", config); err != nil {
		return err
	}
	if err := b.workspace("refresh", resources("alphamoon", 1)); err != nil {
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
		// One key is managed, to see what its refresh takes among all the others.
		if _, err := b.terraform(ctx, "refresh", nil, "apply", "-auto-approve", "-state",
			fmt.Sprintf("%d.tfstate", size)); err != nil {
			return err
		}
		b.fill(size - 1)
		b.box.ClearJournal()
		took, err := byTurns(plan, func() (time.Duration, error) { return b.transfer(ctx, size, 1) },
			func() (time.Duration, error) { return b.transfer(ctx, size, alphamoon.ParallelPages) },
			func() (time.Duration, error) { return b.list(ctx, size) })
		if err != nil {
			return err
		}
		// Each round has one plan, two transfers and one listing of the client's.
		requests := (b.box.Count(sandbox.List) - 9*((size+alphamoon.PageSize-1)/alphamoon.PageSize)) / 3
		refresh, err := b.peakMemory(ctx, "refresh", "-state", fmt.Sprintf("%d.tfstate", size))
		if err != nil {
			return err
		}
		list, err := b.peakMemory(ctx, "list")
		if err != nil {
			return err
		}
		source, loop, ideal, client := took[0]-empty[0], took[1], took[2], took[3]
		b.printf("| %d | %d | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %s | %s |\n", size, requests, loop.Seconds(),
			ideal.Seconds(), client.Seconds(), ratio(client, ideal), source.Seconds(), ratio(source, loop),
			ratio(source, ideal), refresh, list)
	}
	return nil
}

// list reads the process with the provider's client.
func (b *bench) list(ctx context.Context, size int) (time.Duration, error) {
	baseURL, err := alphamoon.ParseBaseURL(b.url)
	if err != nil {
		return 0, err
	}
	credential, err := alphamoon.ParseCredential(sandbox.DefaultCredential)
	if err != nil {
		return 0, err
	}
	began := time.Now() //nolint:forbidigo // a benchmark measures
	listing, err := alphamoon.NewClient(alphamoon.Config{BaseURL: baseURL, Credential: credential}).
		ProcessAPIKeys(sandbox.DefaultProcessID).
		List(ctx)
	took := time.Since(began) //nolint:forbidigo // as above
	if err == nil && len(listing) != size {
		err = fmt.Errorf("%d keys listed of %d", len(listing), size)
	}
	return took, err
}

// transfer reads the pages of the process and throws them away.
func (b *bench) transfer(ctx context.Context, size, concurrency int) (time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: concurrency}}
	defer client.CloseIdleConnections()
	user, pass, _ := strings.Cut(sandbox.DefaultCredential, ":")
	began := time.Now() //nolint:forbidigo // a benchmark measures
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(concurrency)
	for offset := 0; offset < size; offset += alphamoon.PageSize {
		group.Go(func() error {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet,
				fmt.Sprintf("%s/api/v0.4/processes/%s/api-keys?offset=%d&limit=%d", b.url, sandbox.DefaultProcessID, offset,
					alphamoon.PageSize), nil)
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
func (b *bench) peakMemory(ctx context.Context, folder string, arguments ...string) (string, error) {
	binary := b.path("bin", "terraform-provider-alphamoon")
	command := exec.CommandContext(ctx, binary, "-debug") //nolint:gosec // built above
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
	if _, err := b.terraform(
		ctx,
		folder,
		map[string]string{"TF_REATTACH_PROVIDERS": reattach},
		append([]string{"plan"}, arguments...)...); err != nil {
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
