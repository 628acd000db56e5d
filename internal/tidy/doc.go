// Package tidy holds the house in order: its one test reads every Go file of the module and compares it with the tables of tables.go.
//
// What it holds: a package imports only lower floors, and the towers never meet (DESIGN.md); every package says what it is; `unsafe` stands
// only in *_unsafe.go files; clock, logger and network stand only where a table allows them; every module that is imported is in a table,
// with the reason beside it; no file over 500 lines, no function over 70; no package with a name that means nothing; no promise left in the
// code.
//
// A check is a function from a parsed file to complaints, so that tidy_test.go can show it bad files too. What is to be changed when a
// complaint is wrong is always a row of a table, in the same commit as the code that needs it.
package tidy
