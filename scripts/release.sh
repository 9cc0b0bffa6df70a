#!/bin/sh
# A release: `sh scripts/release.sh [--skip-tests] VERSION [DIRECTORY]`. All is done in a clone of what is committed here; only when
# all of it went well do the commit and the tag come here, and the package with its SHA256SUMS into DIRECTORY (../stratafs-VERSION).
# Nothing is pushed or published. --skip-tests is for a commit whose CI has passed; `npm run check` is never left out.
set -eu

refuse() {
  echo "release: $*" >&2
  exit 2
}

tests=true
if [ "${1-}" = --skip-tests ]; then
  tests=false
  shift
fi
[ $# -ge 1 ] && [ $# -le 2 ] || refuse 'say the version: sh scripts/release.sh [--skip-tests] VERSION [DIRECTORY]'
version=$1
cd "$(dirname "$0")/.."
here=$(pwd)
directory=${2:-../stratafs-$version}

now=$(node -p 'require("./package.json").version')
node - "$now" "$version" <<'END' || refuse "\"$version\" is no version (semver.org) that comes after $now"
const [, , now, next] = process.argv;
// Major, minor, patch, and what stands before a release: 1.0.0-rc.1.
const parse = (text) => /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([a-z]+\.(?:0|[1-9]\d*)))?$/.exec(text)?.slice(1);
const [a, b] = [parse(now), parse(next)];
if (a === undefined || b === undefined) process.exit(1);
for (let i = 0; i < 3; i += 1) if (a[i] !== b[i]) process.exit(Number(b[i]) > Number(a[i]) ? 0 : 1);
// The release itself comes after what stood before it.
if (a[3] === b[3] || a[3] === undefined) process.exit(1);
process.exit(b[3] === undefined || b[3].localeCompare(a[3], 'en', { numeric: true }) > 0 ? 0 : 1);
END
[ -z "$(git status --porcelain)" ] || refuse 'there are changes that are not committed'
branch=$(git symbolic-ref --quiet --short HEAD) || refuse 'no branch is checked out'
! git rev-parse --quiet --verify "refs/tags/v$version" >/dev/null || refuse "there is a tag v$version already"
[ ! -e "$directory" ] || refuse "\"$directory\" exists"
unreleased=$(sed -n '/^## \[Unreleased\]/,/^## \[[0-9]/p' CHANGELOG.md | grep -c '^- ' || true)
[ "$unreleased" -gt 0 ] || refuse 'CHANGELOG.md has nothing under [Unreleased]'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
git clone --quiet --branch "$branch" "$here" "$work/stratafs"
cd "$work/stratafs"
for key in user.name user.email; do git config "$key" "$(git -C "$here" config "$key")"; done

npm install --ignore-scripts --no-audit --no-fund >&2
npm version --no-git-tag-version --allow-same-version "$version" >/dev/null
sed -i "s/^## \[Unreleased\]\$/&\n\n## [$version] - $(date -u +%F)/" CHANGELOG.md
git commit --quiet --all --message "release: $version"
npm run check >&2
if $tests; then npm test >&2; fi
git tag --annotate --message "stratafs $version" "v$version"

mkdir "$work/package"
npm pack --pack-destination "$work/package" >/dev/null
(cd "$work/package" && sha256sum -- *.tgz >SHA256SUMS)
[ -z "$(git status --porcelain)" ] || refuse 'the build changed files that are committed'

cd "$here"
git fetch --quiet --no-tags "$work/stratafs" "$branch"
git merge --quiet --ff-only FETCH_HEAD
git fetch --quiet "$work/stratafs" "refs/tags/v$version:refs/tags/v$version"
mv "$work/package" "$directory"
echo "stratafs $version: commit and tag v$version are here, the package is in $directory"
