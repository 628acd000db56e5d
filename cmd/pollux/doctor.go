package main

import "github.com/spf13/cobra"

func doctorCommand() *cobra.Command { return &cobra.Command{Use: "doctor"} }
func memCommand() *cobra.Command    { return &cobra.Command{Use: "mem"} }
