package tidy

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"strings"
)

const module = "pollux"

// fileChecks look at one file at a time.
var fileChecks = []func(*file) []string{
	checkFloors, checkDependencies, checkUnsafe, checkClock, checkLog, checkNet, checkSizes, checkName, checkPromises,
}

// checkFile collects what fileChecks say of f.
func checkFile(f *file) (bad []string) {
	for _, check := range fileChecks {
		bad = append(bad, check(f)...)
	}
	return bad
}

func checkAll(files []*file) (bad []string) {
	for _, f := range files {
		bad = append(bad, checkFile(f)...)
	}
	return append(bad, checkDocs(files)...)
}

func checkFloors(f *file) (bad []string) {
	from, known := house[f.pkg()]
	if !known {
		return []string{f.at(f.ast.Name, "package %s has no room: give it a floor in internal/tidy/tables.go", f.pkg())}
	}
	specs, paths := f.imports()
	for i, p := range paths {
		name, ours := strings.CutPrefix(p, module+"/")
		if !ours || name == f.pkg() { // an external test imports its own package
			continue
		}
		to, known := house[name]
		switch {
		case !known:
			bad = append(bad, f.at(specs[i], "imports %s, which has no room: give it a floor in internal/tidy/tables.go", name))
		case name == "openflow" && (from.tower == fast || from.tower == ground):
			bad = append(bad, f.at(specs[i], "%s imports openflow: the datapath parses no control protocol", f.pkg()))
		default:
			if why := mayNot(f, from, to); why != "" {
				bad = append(bad, f.at(specs[i], "%s (floor %d) imports %s (floor %d): %s", f.pkg(), from.floor, name, to.floor, why))
			}
		}
	}
	return bad
}

// mayNot says why a file in room from must not import a package in room to, or nothing.
func mayNot(f *file, from, to room) string {
	switch {
	case to.tower == bench && (f.test || from.tower == bench):
		return ""
	case to.tower == bench:
		return "only test files import what is made for tests"
	case from.tower == fast && to.tower == slow, from.tower == slow && to.tower == fast:
		return "the towers never meet, they talk through dpif"
	case from.tower == island && to.floor > 0:
		return "an island imports nothing of the towers"
	case to.tower == island && from.tower != roof && from.tower != bench:
		return "only the roof imports an island"
	case from.tower != bench && to.floor >= from.floor:
		return "a package imports only lower floors"
	}
	return ""
}

func checkDependencies(f *file) (bad []string) {
	specs, paths := f.imports()
	for i, p := range paths {
		if first, _, _ := strings.Cut(p, "/"); !strings.Contains(first, ".") {
			continue
		}
		mod, dep := moduleOf(p)
		switch {
		case mod == "":
			bad = append(bad, f.at(specs[i], "imports %s: no row in the dependencies of internal/tidy/tables.go; one library per purpose, with the reason", p))
		case !oneOf(dep.where, f.pkg()) && !(f.test && dep.tests):
			bad = append(bad, f.at(specs[i], "%s imports %s, which is for %v (%s)", f.pkg(), mod, dep.where, dep.why))
		}
	}
	return bad
}

// moduleOf returns the row of dependencies that an import path belongs to.
func moduleOf(importPath string) (string, dependency) {
	for p := importPath; p != "."; p = path.Dir(p) {
		if d, ok := dependencies[p]; ok {
			return p, d
		}
	}
	return "", dependency{}
}

func checkUnsafe(f *file) (bad []string) {
	name := strings.TrimSuffix(strings.TrimSuffix(f.path, ".go"), "_test")
	if f.generated || strings.HasSuffix(name, "_unsafe") {
		return nil
	}
	specs, paths := f.imports()
	for i, p := range paths {
		if p == "unsafe" {
			bad = append(bad, f.at(specs[i], "imports unsafe: casts stand in files named *_unsafe.go"))
		}
	}
	return bad
}

func checkClock(f *file) (bad []string) {
	measures := f.test && strings.HasPrefix(path.Base(f.path), "bench")
	if clockUsers[f.pkg()] != "" || measures {
		return nil
	}
	words := clockWords
	if f.test { // a test may read the clock (for a seed, for a deadline), but never sleeps to be right
		words = []string{"Sleep"}
	}
	for _, use := range f.uses("time", words) {
		bad = append(bad, f.at(use, "time.%s: time is an argument here; who may read the clock stands in clockUsers of internal/tidy/tables.go", use.Sel.Name))
	}
	return bad
}

func checkLog(f *file) []string {
	return checkImport(f, logUsers, "logUsers", func(p string) bool { return p == "log" || p == "log/slog" || p == "log/syslog" })
}

func checkNet(f *file) []string {
	return checkImport(f, netUsers, "netUsers", func(p string) bool {
		switch {
		case p == "net": // a MAC address is a value, a device looked up by name is not
			return !f.onlyUses("net", netValues)
		case p == "net/netip":
			return false
		}
		return strings.HasPrefix(p, "net/")
	})
}

// checkImport complains about imports that match outside the packages of a table. Test files may use anything.
func checkImport(f *file, table map[string]string, tableName string, match func(string) bool) (bad []string) {
	specs, paths := f.imports()
	for i, p := range paths {
		if match(p) && table[f.pkg()] == "" && !f.test {
			bad = append(bad, f.at(specs[i], "imports %s; who may stands in %s of internal/tidy/tables.go", p, tableName))
		}
	}
	return bad
}

func checkSizes(f *file) (bad []string) {
	if f.generated {
		return nil
	}
	if n := f.lines(); n > maxFileLines {
		bad = append(bad, f.at(f.ast.Name, "file of %d lines, most is %d: find the second idea in it", n, maxFileLines))
	}
	for _, d := range f.ast.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		if n := f.fset.Position(fn.End()).Line - f.fset.Position(fn.Pos()).Line + 1; n > maxFunctionLines {
			bad = append(bad, f.at(fn, "function %s of %d lines, most is %d: it can no longer be seen whole", fn.Name.Name, n, maxFunctionLines))
		}
	}
	return bad
}

func checkName(f *file) []string {
	name := strings.TrimSuffix(f.ast.Name.Name, "_test")
	for _, part := range append(strings.Split(f.pkg(), "/"), name) {
		if oneOf(emptyNames, part) {
			return []string{f.at(f.ast.Name, "a package named %q says nothing about what is inside", part)}
		}
	}
	return nil
}

var promise = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b`)

func checkPromises(f *file) (bad []string) {
	for n, line := range strings.Split(string(f.text), "\n") {
		if word := promise.FindString(line); word != "" && !f.generated {
			bad = append(bad, fmt.Sprintf("%s:%d: %s: do it, or file it", f.path, n+1, word))
		}
	}
	return bad
}

// checkDocs looks at all files of the module: one of each package's says what it is.
func checkDocs(files []*file) (bad []string) {
	documented := map[string]bool{}
	for _, f := range files {
		if f.ast.Doc != nil && (strings.HasPrefix(f.ast.Doc.Text(), "Package ") || f.ast.Name.Name == "main") {
			documented[f.pkg()] = true
		}
	}
	for _, f := range files {
		if !documented[f.pkg()] {
			documented[f.pkg()] = true // complain once
			bad = append(bad, f.at(f.ast.Name, "package %s has no package doc: \"// Package %s ...\" above a package clause", f.pkg(), f.ast.Name.Name))
		}
	}
	return bad
}

var requirement = regexp.MustCompile(`(?m)^(?:require)?\s+([^\s()]+\.[^\s()]+/?\S*) v\S+$`)

// checkGoMod complains about direct requirements that have no row.
func checkGoMod(text string) (bad []string) {
	for _, m := range requirement.FindAllStringSubmatch(text, -1) {
		if _, ok := dependencies[m[1]]; !ok {
			bad = append(bad, fmt.Sprintf("go.mod: requires %s: no row in the dependencies of internal/tidy/tables.go", m[1]))
		}
	}
	return bad
}
