package perf

import (
	"os"
	"testing"

	"github.com/spf13/cobra"
)

// TestMain lets the test binary be the workers that run and search start.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "perf" {
		root := &cobra.Command{Use: "pollux"}
		root.AddCommand(NewCommand())
		if root.Execute() != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
