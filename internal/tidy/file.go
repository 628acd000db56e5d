package tidy

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A file is one Go source of the module, parsed.
type file struct {
	path      string // below the module's root, with slashes
	text      []byte
	ast       *ast.File
	fset      *token.FileSet
	test      bool
	generated bool
}

// parse reads one source. name is its path below the module's root.
func parse(name string, text []byte) (*file, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, name, text, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	return &file{name, text, tree, fset, strings.HasSuffix(name, "_test.go"), ast.IsGenerated(tree)}, nil
}

// pkg is the folder of the file, which is the import path below the module's.
func (f *file) pkg() string { return path.Dir(f.path) }

// at makes a complaint that editors can jump to.
func (f *file) at(n ast.Node, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", f.path, f.fset.Position(n.Pos()).Line, fmt.Sprintf(format, args...))
}

// imports returns the import specs with their unquoted paths.
func (f *file) imports() (specs []*ast.ImportSpec, paths []string) {
	for _, s := range f.ast.Imports {
		specs = append(specs, s)
		paths = append(paths, strings.Trim(s.Path.Value, `"`))
	}
	return
}

// uses returns every place where the file says one of words of the standard package importPath, under whatever name it was imported.
func (f *file) uses(importPath string, words []string) (found []*ast.SelectorExpr) {
	return f.selectors(importPath, func(word string) bool { return slices.Contains(words, word) })
}

// onlyUses tells whether the file says nothing of importPath but words.
func (f *file) onlyUses(importPath string, words []string) bool {
	return len(f.selectors(importPath, func(word string) bool { return !slices.Contains(words, word) })) == 0
}

func (f *file) selectors(importPath string, match func(word string) bool) (found []*ast.SelectorExpr) {
	local := ""
	specs, paths := f.imports()
	for i, p := range paths {
		if p == importPath {
			local = path.Base(p)
			if specs[i].Name != nil {
				local = specs[i].Name.Name
			}
		}
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && local != "" && match(sel.Sel.Name) {
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == local && id.Obj == nil {
				found = append(found, sel)
			}
		}
		return true
	})
	return found
}

func (f *file) lines() int { return bytes.Count(f.text, []byte("\n")) }

// load parses every Go file below root that the go command would look at, under all build tags.
func load(root string) (files []*file, err error) {
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() && p != root && (base == "testdata" || base == "vendor" || base[0] == '.' || base[0] == '_' || base == "bin") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(base, ".go") || base[0] == '.' || base[0] == '_' {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		f, err := parse(filepath.ToSlash(rel), text)
		files = append(files, f)
		return err
	})
	return files, err
}
