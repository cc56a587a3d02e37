// SPDX-License-Identifier: Apache-2.0
//
// What vexctl can do, a line an option. The texts hold no quote, colon or bracket where a shell
// completes them: in summaries and in the helps of options.
#include <array>

#include "userlib/tools/vexctl/command.h"

namespace vexfs {

namespace {

constexpr Option kJson{'j', "json", nullptr, "print one JSON document"};
constexpr Option kTabs{'H', "tabs", nullptr,
                       "print names and exact numbers with a tab between them"};
constexpr Option kHelp{'h', "help", nullptr, "print this and end"};
constexpr Option kDryRun{'n', "dry-run", nullptr, "say what would be done, and change nothing"};
constexpr Option kVector{'\0', "vector", "NUMBERS", "the vector itself, as 0.1,-2,3"};
constexpr Option kVectorFile{'\0', "vector-file", "FILE", "the vectors of a file"};
constexpr Option kStdin{'\0', "stdin", nullptr, "a vector a line from standard input"};
constexpr Option kEf{'\0', "ef", "N", "breadth of the walk, more is slower and more exact"};
constexpr Option kFilter{'\0', "filter", "TEXT", "only rows that pass the test"};

constexpr std::array kDocumentOptions{kJson, kHelp};
constexpr std::array kTableOptions{kJson, kTabs, kHelp};
constexpr std::array kTextOptions{kHelp};
constexpr std::array kManualOptions{
    Option{'\0', "examples", nullptr, "print the examples of the page alone"}, kHelp};

constexpr std::array kCreateOptions{
    Option{'d', "dim", "N", "elements of a vector, 1 to 65535"},
    Option{'\0', "from", "FILE", "take dim and element from this file of vectors"},
    Option{'\0', "element", "f32|f16|bf16|i8|u8|bit", "their type, f32 if not given"},
    Option{'\0', "metric", "l2|cosine|dot|hamming|jaccard",
           "the distance, l2 if not given, for bits hamming"},
    Option{'\0', "codes", "auto|none|i8|f16|bit", "compact codes that candidates are found by"},
    Option{'\0', "index", "auto|flat|hnsw", "how candidates are found"},
    Option{'\0', "links", "N", "graph links a row, 4 to 16"},
    Option{'\0', "ef-construction", "N", "breadth of the walk at insert, 16 to 4096"},
    kEf,
    Option{'\0', "max-rows", "N", "rows in the collection, more is refused"},
    Option{'\0', "compress", "CODEC",
           "vectors on the disk: off, lz4, zstd:LEVEL, or auto, which only narrows f32"},
    Option{'\0', "pool", "auto|zsmalloc|z3fold|zbud", "the pool that vectors lie in in memory"},
    kJson,
    kHelp};

constexpr std::array kPutOptions{
    kVector,
    kVectorFile,
    kStdin,
    Option{'r', "row", "N", "overwrite from this row on, otherwise append"},
    Option{'t', "tag", "N", "a number that filters can compare"},
    Option{'\0', "range", "OFFSET+LENGTH", "the bytes of the file that the row stands for"},
    Option{'\0', "truncate", nullptr, "the file has no other rows afterwards"},
    kJson,
    kHelp};

constexpr std::array kGetOptions{
    Option{'r', "row", "N", "from this row on"},
    Option{'c', "count", "N", "so many rows at most"},
    Option{'v', "vectors", nullptr, "whole vectors alone, a line each"},
    kJson,
    kTabs,
    kHelp};

constexpr std::array kRmOptions{Option{'r', "row", "N", "remove from this row on, otherwise all"},
                                kDryRun, kJson, kHelp};

constexpr std::array kSearchOptions{
    Option{'l', "like", "FILE", "the vector of this file, its row 0 or that of --row"},
    Option{'r', "row", "N", "the row of --like"},
    kVector,
    kVectorFile,
    kStdin,
    Option{'k', "hits", "N", "hits wanted for each query, 10 if not given"},
    kEf,
    Option{'e', "exact", nullptr, "compare every row, no approximation"},
    Option{'\0', "radius", "D", "only rows at this distance or nearer"},
    kFilter,
    Option{'f', "per-file", nullptr, "the nearest row of each file only"},
    Option{'x', "explain", nullptr, "print the plan and its cost instead of the hits"},
    Option{'q', "exit-status", nullptr, "end with 1 if nothing was found"},
    kJson,
    Option{'\0', "jsonl", nullptr, "print a JSON document a hit"},
    kTabs,
    Option{'0', "null", nullptr, "print paths alone, each ended by a NUL"},
    kHelp};

constexpr std::array kImportOptions{
    Option{'\0', "name", "NAME", "of the file that gets the rows, that of SOURCE if not given"},
    Option{'s', "split", nullptr, "a file for each row, named by its number"},
    Option{'\0', "name-column", "COLUMN", "of csv and jsonl, a file for each record, named by it"},
    Option{'\0', "vector-column", "COLUMN", "where the vector is, vector if not given"},
    Option{'\0', "tag-column", "COLUMN", "where the tag is, tag if not given"},
    Option{'\0', "text-column", "COLUMN", "what each file of its own holds"},
    Option{'\0', "no-header", nullptr, "the columns of a csv are 1, 2, 3"},
    Option{'\0', "limit", "N", "stop after so many rows of SOURCE"},
    Option{'\0', "bad-rows", "FILE", "go on without bad rows, and list them here"},
    Option{'\0', "wait", nullptr, "until the rows are linked in the graph"},
    kDryRun,
    kJson,
    kHelp};

constexpr std::array kExportOptions{kJson, kHelp};

constexpr std::array kRecallOptions{
    Option{'k', "hits", "N", "hits of each query, 10 if not given"},
    Option{'c', "queries", "N", "stored vectors that are asked with, 100 if not given"},
    kEf,
    kFilter,
    Option{'\0', "seed", "N", "of the choice of the queries"},
    kJson,
    kHelp};

constexpr std::array kExplainOptions{
    Option{'l', "like", "FILE", "the vector of this file, its row 0 or that of --row"},
    Option{'r', "row", "N", "the row of --like"},
    kVector,
    kVectorFile,
    kStdin,
    Option{'k', "hits", "N", "hits wanted for each query, 10 if not given"},
    kEf,
    Option{'e', "exact", nullptr, "compare every row, no approximation"},
    Option{'\0', "radius", "D", "only rows at this distance or nearer"},
    kFilter,
    Option{'f', "per-file", nullptr, "the nearest row of each file only"},
    kJson,
    kHelp};

constexpr Option kBackground{'b', "background", nullptr, "start the job and do not wait for it"};
constexpr std::array kCompactOptions{kBackground, kDryRun, kJson, kHelp};
constexpr std::array kEraseOptions{
    Option{'\0', "verify", nullptr, "read everything once more and fail if a byte is left"},
    kBackground, kDryRun, kJson, kHelp};
constexpr std::array kJobsOptions{
    Option{'i', "id", "N", "this job alone, otherwise all of the collection"}, kJson, kTabs, kHelp};
constexpr std::array kSetOptions{
    Option{'\0', "volume", nullptr, "pool or compress of the volume that DIR is on"}, kDryRun,
    kJson, kHelp};

constexpr std::array kStatOptions{
    Option{'T', "totals", nullptr, "those of the owner too, whatever the rights on the files"},
    kJson, kTabs, kHelp};

constexpr std::array kAnyPath{Operand{"PATH", Kind::kPath, false}};
constexpr std::array kDirectory{Operand{"DIR", Kind::kPath, false}};
constexpr std::array kNamedDirectory{Operand{"DIR", Kind::kPath, true}};
constexpr std::array kFile{Operand{"FILE", Kind::kPath, true}};
constexpr std::array kSourceAndDirectory{Operand{"SOURCE", Kind::kPath, true},
                                         Operand{"DIR", Kind::kPath, true}};
constexpr std::array kPathAndTarget{Operand{"PATH", Kind::kPath, true},
                                    Operand{"TARGET", Kind::kPath, true}};
constexpr std::array kSetting{Operand{"DIR", Kind::kPath, true},
                              Operand{"KEY=VALUE", Kind::kText, true}};
constexpr std::array kActionAndPath{Operand{"list|pause|resume", Kind::kAction, true},
                                    Operand{"PATH", Kind::kPath, false}};
constexpr std::array kShowAndPath{Operand{"show", Kind::kAction, true},
                                  Operand{"PATH", Kind::kPath, false}};
constexpr std::array kPathAndInterval{Operand{"PATH", Kind::kPath, false},
                                      Operand{"INTERVAL", Kind::kText, false},
                                      Operand{"COUNT", Kind::kText, false}};
constexpr std::array kAnyCommand{Operand{"COMMAND", Kind::kCommand, false}};
constexpr std::array kNamedCommand{Operand{"COMMAND", Kind::kCommand, true}};
constexpr std::array kShell{Operand{"bash|zsh|fish", Kind::kShell, true}};

constexpr std::array<Command, 24> kCommands{{
    {"create", "make a directory a collection", kNamedDirectory, kCreateOptions,
     "DIR and all below it become a collection: files there may carry vectors of one dimension\n"
     "and type, and are found by them. DIR is made if it is not there. Files in it are not "
     "touched.\n"
     "\n"
     "    vexctl create films --dim 512 --metric cosine\n",
     run_create},
    {"show", "the schema that holds at a path, and what is there", kAnyPath, kDocumentOptions,
     "What vectors the files here carry and how they are compared, where the collection begins,\n"
     "and how many rows the caller may see below PATH.\n"
     "\n"
     "    vexctl show photos\n",
     run_show},
    {"list", "the collections below a directory", kDirectory, kTableOptions,
     "Looks at every directory below DIR that the caller may read and prints those that are\n"
     "collections, with their rows. It does not leave the volume.\n"
     "\n"
     "    vexctl list .\n",
     run_list},
    {"put", "give a file vectors", kFile, kPutOptions,
     "Appends a row for each vector given, or overwrites rows. FILE is there already, in a\n"
     "collection, and its data is not touched. It is done, and durable, as a whole or not at "
     "all.\n"
     "\n"
     "    vexctl put photos/cat.jpg --vector 0.1,0.7,0.2\n"
     "    embed cat.jpg | vexctl put photos/cat.jpg --stdin --truncate\n",
     run_put},
    {"get", "print the rows of a file", kFile, kGetOptions,
     "A line a row: its number, tag, range of bytes, what is to be said of it, and how its vector\n"
     "begins. What -v prints, put takes back from --stdin. stale: the data of\n"
     "FILE changed after the row was put. pending: found, but not yet linked in the graph.\n"
     "damaged: its vector cannot be read.\n"
     "\n"
     "    vexctl get photos/cat.jpg\n"
     "    vexctl get -v photos/cat.jpg\n",
     run_get},
    {"rm", "take the vectors from a file, which stays", kFile, kRmOptions,
     "Removes rows: no search finds FILE any more. The file itself, its data and its attributes\n"
     "stay as they are; to delete a file, vectors and all, use rm(1).\n"
     "\n"
     "    vexctl rm --dry-run photos/dog.jpg\n"
     "    vexctl rm photos/dog.jpg\n",
     run_rm},
    {"search", "find the files nearest to a vector", kDirectory, kSearchOptions,
     "Prints, nearest first, the rows below DIR that the caller may read: rank, = exact or ~\n"
     "approximate, ! stale, distance, path, row, and the range of bytes. Several queries are\n"
     "answered one after the other. FILE of --like is among its own hits.\n"
     "\n"
     "    vexctl search photos --like photos/cat.jpg -k 5\n"
     "    vexctl search photos --vector 0.1,0.7,0.2 --filter 'name \"*.jpg\" and size > 1M'\n"
     "    vexctl search photos -l photos/cat.jpg -0 | xargs -0 ls -l\n"
     "\n"
     "The filter is written as in find(1): name, path, type, size, mtime, age, uid, gid, tag,\n"
     "row, stale, has, missing, xattr, and, or, not, parentheses. <vexfs/vexfs_ioctl.h> has its\n"
     "grammar. If fewer hits than wanted are found, the reason is said on standard error.\n",
     run_search},
    {"import", "read vectors from a file into a collection", kSourceAndDirectory, kImportOptions,
     "SOURCE is .fvecs .bvecs .ivecs .fbin .u8bin .i8bin .npy: its rows become those of one\n"
     "file in DIR, tagged with their number in SOURCE. With --split each becomes a file. Or it\n"
     "is .jsonl .csv: with --name-column each record becomes a file, otherwise a row of one.\n"
     "\n"
     "Rows go in by atomic batches, and the same command goes on where it was interrupted. A bad\n"
     "row ends it, or, with --bad-rows, is left out; then the exit status is 8.\n"
     "\n"
     "    vexctl import base.fvecs photos\n"
     "    vexctl import notes.csv notes --name-column file --bad-rows bad.jsonl\n",
     run_import},
    {"export", "write the vectors below a path to a file", kPathAndTarget, kExportOptions,
     "TARGET ends in .fvecs .bvecs .fbin .u8bin .i8bin .npy for the vectors alone, in .jsonl or\n"
     ".csv for their path, row, tag and range too. PATH is a file, or a directory with all files\n"
     "below it that the caller may read. TARGET is replaced once it is whole.\n"
     "\n"
     "    vexctl export photos photos.jsonl\n",
     run_export},
    {"recall", "measure searches against exact ones", kDirectory, kRecallOptions,
     "Asks with stored vectors, chosen at random below DIR, once as a search does and once\n"
     "exactly, and prints which part of the true neighbours was found, and how long both took.\n"
     "The row that was asked with does not count.\n"
     "\n"
     "    vexctl recall photos -k 5\n",
     run_recall},
    {"explain", "what a search does and what it costs", kDirectory, kExplainOptions,
     "Searches as vexctl search does with the same options, and prints instead of the hits which\n"
     "way was gone, how many rows were visible, tested and compared, and where the time went. "
     "What\n"
     "tells of rows of others is shown to the owner of the collection alone.\n"
     "\n"
     "    vexctl explain photos --like photos/cat.jpg --filter 'size > 1M'\n",
     run_explain},
    {"set", "change what may change in a schema or a volume", kSetting, kSetOptions,
     "ef=N is the breadth of searches that give none, max-rows=N the rows that DIR may have, 0\n"
     "for no limit. compress=auto|off|lz4|zstd|zstd:LEVEL is how vectors are stored from now on:\n"
     "auto stores f32 that are all exactly bf16 or f16 as those, so that a search still reads "
     "each\n"
     "alone; lz4 and zstd take less space, and a search reads 64 KiB for a vector that is not in\n"
     "memory. pool=auto|zsmalloc|z3fold|zbud is the driver of the pool that vectors lie in in\n"
     "memory, for those that are read from now on; auto is that of the volume. DIR is the "
     "directory\n"
     "where the collection begins. Everything else of a schema is fixed: export the rows, and\n"
     "import them into another collection.\n"
     "\n"
     "With --volume it is pool=zsmalloc|z3fold|zbud and compress=off|lz4|zstd|zstd:LEVEL of the\n"
     "data of files, at once and whenever the volume is mounted without saying otherwise; an "
     "empty\n"
     "value takes that back. It needs the right to write to the root of the volume.\n"
     "\n"
     "    vexctl set photos ef=128\n"
     "    vexctl set photos max-rows=1000000 --dry-run\n"
     "    vexctl set photos compress=zstd:7\n"
     "    vexctl set --volume photos pool=z3fold\n",
     run_set},
    {"compact", "give the space of removed rows back", kNamedDirectory, kCompactOptions,
     "Takes removed rows out of the graph, moves rows into the places that they leave, and cuts\n"
     "off what is free behind the last one. Searches and changes go on meanwhile. For the owner.\n"
     "\n"
     "    vexctl compact --dry-run photos\n"
     "    vexctl compact photos\n",
     run_compact},
    {"erase", "leave no byte of removed rows on the volume", kNamedDirectory, kEraseOptions,
     "What was removed from the collection before, by rm, put or vexctl rm, is hidden at once and\n"
     "overwritten in time. This does it now: in the columns, in freed space and in the intent "
     "log,\n"
     "and each place that was overwritten is read back. It reads all of the free space of the\n"
     "volume. With --verify everything is read a second time. For the owner.\n"
     "\n"
     "    vexctl erase --verify photos\n",
     run_erase},
    {"jobs", "list, pause or resume work in the background", kActionAndPath, kJobsOptions,
     "Linking, consolidation, training, compact and erase of the collection that PATH is in, with\n"
     "their progress and the latest that ended; of all collections, if PATH is the root of the\n"
     "volume. pause without --id holds all jobs of the collection and those to come; rows that\n"
     "are not linked meanwhile are found by scan. For the owner.\n"
     "\n"
     "    vexctl jobs list photos\n"
     "    vexctl jobs pause photos\n"
     "    vexctl jobs resume photos\n",
     run_jobs},
    {"pool", "the cache, its compressed tier and what compression gains", kShowAndPath,
     kDocumentOptions,
     "How much of the cache is used, how many lookups each tier answers, what became of blocks\n"
     "that were compressed, and how the pages of the pools are filled, by size of the objects.\n"
     "One has blocks as they are stored, vectors above all, the other those of the cold tier.\n"
     "cold= and pool= of mount.vexfs and pool= of vexctl set choose them; compress= of a mount "
     "and\n"
     "of vexctl set say how data and vectors are stored.\n"
     "\n"
     "    vexctl pool show photos\n",
     run_pool},
    {"metrics", "counters of a volume for Prometheus", kAnyPath, kTextOptions,
     "Prints what vexctl status knows in the text format of Prometheus, for the textfile\n"
     "collector of its node exporter.\n"
     "\n"
     "    vexctl metrics photos\n",
     run_metrics},
    {"stat", "counters of a collection or a file, or what a volume does", kPathAndInterval,
     kStatOptions,
     "Files and rows below PATH that the caller may see. --totals shows the whole collection, its\n"
     "bytes and its work, to its owner.\n"
     "\n"
     "With INTERVAL, in seconds, it prints instead what the volume of PATH does, a line each "
     "time:\n"
     "searches a second and their mean time, rows put and removed, rows not linked yet, bytes "
     "read\n"
     "and written, bytes used. The first line is the average since the engine started. It ends\n"
     "after COUNT lines, if that is given. A number that is a name is written ./5.\n"
     "\n"
     "    vexctl stat photos\n"
     "    vexctl stat photos 0.1 2\n",
     run_stat},
    {"status", "how the volume is doing", kAnyPath, kDocumentOptions,
     "Who the volume is, what serves it and for how long, what it holds, what waits to be\n"
     "written, what damage was met, and what is asked of it: rates are averages since the engine\n"
     "started, in which half of the requests took no longer than p50 and 99 of 100 no longer\n"
     "than p99. Configuration and jobs are shown to root.\n"
     "\n"
     "Exit status 7 says that damage was met, 1 that the engine stopped writing.\n"
     "\n"
     "    vexctl status photos\n",
     run_status},
    {"usage", "where the space goes", kAnyPath, kTableOptions,
     "Where the bytes of the device are, as far as the engine counts them: the sum of the "
     "indented\n"
     "lines is the line above them.\n"
     "\n"
     "    vexctl usage -H photos\n",
     run_usage},
    {"version", "versions of program, library and engine", kAnyPath, kDocumentOptions,
     "The versions of vexctl and libvexfs; with a path, those of the engine behind it too.\n"
     "\n"
     "    vexctl version photos\n",
     run_version},
    {"help", "this list, or what one subcommand does", kAnyCommand, kTextOptions,
     "The list of subcommands, or all that is to be said of one.\n"
     "\n"
     "    vexctl help search\n",
     run_help},
    {"manual", "the manual page of a subcommand", kNamedCommand, kManualOptions,
     "Prints the page for man(1). An installation has them all, as vexctl-search(8).\n"
     "\n"
     "    vexctl manual search >search.8\n",
     run_manual},
    {"completion", "completion for a shell", kShell, kTextOptions,
     "Prints a script for the shell. For this session of bash:\n"
     "\n"
     "    source <(vexctl completion bash)\n",
     run_completion},
}};

} // namespace

std::span<const Command> commands() {
    return kCommands;
}

} // namespace vexfs
