// SPDX-License-Identifier: Apache-2.0
#include "userlib/testing/differential/searcher.h"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <sstream>

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ioctl/vexfs_ioctl.h"
#include "userlib/client/vexfs.h"
#include "userlib/device/run_program.h"

namespace vexfs {

namespace {

constexpr float kTie = 1e-6F;
constexpr size_t kLargeRows = 20'000;
constexpr size_t kQueriesAtOnce = 8;

bool become(const User& user) {
    return ::setgroups(user.groups.size(), user.groups.data()) == 0 &&
           ::setresgid(user.groups[0], user.groups[0], user.groups[0]) == 0 &&
           ::setresuid(user.uid, user.uid, user.uid) == 0;
}

// What may be read there, as find(1) has it.
SeenFiles find_readable(const std::string& directory) {
    const ProgramRun run =
        run_program({"find", directory, "-type", "f", "-readable", "-printf", "%i %s %U %G %P\\n"});
    SeenFiles seen;
    std::istringstream lines(run.out);
    uint64_t ino = 0;
    SeenFile file;
    std::string path;
    while (lines >> ino >> file.size >> file.uid >> file.gid >> path) {
        SeenFile& known = seen[ino];
        known.size = file.size;
        known.uid = file.uid;
        known.gid = file.gid;
        known.paths.push_back(path);
    }
    return seen;
}

// The two as close as float arithmetic leaves them.
bool tied(float a, float b) {
    return std::fabs(a - b) <= kTie * std::max({1.0F, std::fabs(a), std::fabs(b)});
}

class Searcher {
  public:
    Searcher(const User& user, Grove& grove, const SearchPlan& plan)
        : user_(user), grove_(grove), plan_(plan), random_(plan.seed) {}

    Tally run() {
        const size_t each = plan_.searches / plan_.directories.size();
        for (const std::string& directory : plan_.directories) {
            directory_ = directory;
            vexfs_node* node = nullptr;
            if (vexfs_node_open(directory.c_str(), &node, nullptr) != 0)
                continue; // not to be read: nothing can be asked there
            seen_ = find_readable(directory);
            vexfs_schema_reply schema{};
            if (vexfs_schema_get(node, &schema, nullptr) == 0) {
                collection_ = schema.collection;
                for (size_t done = 0; done < each; done += kQueriesAtOnce)
                    ask(node);
            } else {
                note("no schema below a collection");
            }
            vexfs_node_close(node);
        }
        return tally_;
    }

  private:
    void note(const std::string& what) {
        if (tally_.wrong++ + tally_.leaks == 0)
            std::snprintf(tally_.first_wrong, sizeof tally_.first_wrong, "%s as %s: %s (%s)",
                          directory_.c_str(), user_.name.c_str(), what.c_str(), asked_.c_str());
    }

    // A message of several queries of one shape.
    void ask(vexfs_node* node) {
        const uint32_t dim = grove_.oracle().dim();
        KnownFilter filter;
        if (random_.chance(1, 3))
            filter = any_filter(random_, 2);
        std::vector<float> vectors;
        for (size_t i = 0; i < kQueriesAtOnce; ++i) {
            const std::vector<float> one = grove_.any_vector();
            vectors.insert(vectors.end(), one.begin(), one.end());
        }
        vexfs_query query{};
        query.vectors = vectors.data();
        query.queries = kQueriesAtOnce;
        query.dim = dim;
        query.element = VEXFS_ELEMENT_F32;
        query.filter = filter.text.c_str();
        const bool exact = random_.chance(1, 4);
        query.flags = exact ? VEXFS_SEARCH_EXACT : 0;
        query.flags |= random_.chance(1, 6) ? VEXFS_SEARCH_PER_FILE : 0;
        query.k = exact ? 1 + static_cast<uint32_t>(random_.below(40)) : 10;
        if (exact && random_.chance(1, 4)) {
            query.flags |= VEXFS_SEARCH_RADIUS;
            query.radius = near_radius(vectors.data());
        }
        asked_ = "flags " + std::to_string(query.flags) + " k " + std::to_string(query.k) +
                 " filter " + filter.text;
        vexfs_hits* hits = nullptr;
        vexfs_reason reason{};
        const int done = vexfs_rows_search(node, &query, &hits, &reason);
        if (done != 0)
            return note("search failed: " + std::to_string(done) + " " + reason.text);
        const vexfs_hit* hit = hits->hit;
        for (size_t i = 0; i < kQueriesAtOnce; ++i) {
            judge(query, filter, vectors.data() + i * dim, hits->answers[i], hit);
            hit += hits->answers[i].found;
        }
        std::free(hits);
    }

    // One that divides the rows that are near.
    float near_radius(const float* vector) {
        const std::vector<KnownHit> all =
            grove_.oracle().matching(seen_, collection_, {}, vector, false);
        if (all.empty())
            return 1;
        return all[random_.below(std::min<size_t>(all.size(), 30))].distance * 1.00001F + 1e-5F;
    }

    void judge(const vexfs_query& query, const KnownFilter& filter, const float* vector,
               const vexfs_answer& answer, const vexfs_hit* hits) {
        const Oracle& oracle = grove_.oracle();
        std::vector<KnownHit> wanted = oracle.matching(seen_, collection_, filter, vector,
                                                       (query.flags & VEXFS_SEARCH_PER_FILE) != 0);
        if ((query.flags & VEXFS_SEARCH_RADIUS) != 0)
            std::erase_if(wanted, [&](const KnownHit& hit) { return hit.distance > query.radius; });
        const size_t count = std::min<size_t>(query.k, wanted.size());
        ++tally_.searches;
        if (answer.found != count)
            note("found " + std::to_string(answer.found) + " of " + std::to_string(count));
        if ((answer.found < query.k) != (answer.why != 0))
            note("the reason for a short answer is not given, or not needed");
        const bool walked = answer.plan == VEXFS_PLAN_WALK ||
                            answer.plan == VEXFS_PLAN_WALK_ALLOWED ||
                            answer.plan == VEXFS_PLAN_WALK_EXTEND;
        if (walked && oracle.rows_of(collection_) > kLargeRows)
            ++tally_.large_walks;
        const float farthest = count == 0 ? 0 : wanted[count - 1].distance;
        size_t near = 0;
        for (uint32_t i = 0; i < answer.found; ++i)
            near += is_near(query, filter, vector, hits[i], farthest) ? 1 : 0;
        judge_set(query, answer, hits, count, near);
    }

    // Whether the hit is one that brute force could give. That it may be seen is looked at here.
    bool is_near(const vexfs_query&, const KnownFilter& filter, const float* vector,
                 const vexfs_hit& hit, float farthest) {
        const Oracle& oracle = grove_.oracle();
        const auto seen = seen_.find(hit.ino);
        const auto known = oracle.files.find(hit.ino);
        if (seen == seen_.end() || known == oracle.files.end() ||
            known->second.collection != collection_ || hit.row >= known->second.rows.size() ||
            (filter.passes && !filter.passes(seen->second, known->second, hit.row))) {
            note("a hit that may not be one: inode " + std::to_string(hit.ino));
            ++tally_.leaks;
            return false;
        }
        const KnownRow& row = known->second.rows[hit.row];
        const float distance = oracle.distance(vector, row.vector);
        if (!tied(distance, hit.distance) || hit.tag != row.tag ||
            ((hit.flags & VEXFS_HIT_STALE) != 0) != row.stale)
            note("a hit says something else of its row");
        return distance <= farthest || tied(distance, farthest);
    }

    void judge_set(const vexfs_query& query, const vexfs_answer& answer, const vexfs_hit* hits,
                   size_t count, size_t near) {
        std::set<std::pair<uint64_t, uint32_t>> met;
        for (uint32_t i = 0; i < answer.found; ++i) {
            if (!met.insert({hits[i].ino, hits[i].row}).second)
                note("a row is there twice");
            if (i > 0 && hits[i].distance < hits[i - 1].distance)
                note("hits are out of order");
        }
        const bool claims = (answer.flags & VEXFS_ANSWER_EXACT) != 0;
        if ((query.flags & VEXFS_SEARCH_EXACT) != 0) {
            ++tally_.exact;
            if (!claims)
                note("an exact search says that it is none");
        } else {
            ++tally_.approximate;
            tally_.recall +=
                count == 0 ? 1 : static_cast<double>(near) / static_cast<double>(count);
        }
        if (claims && near != count)
            note("not the nearest: " + std::to_string(near) + " of " + std::to_string(count));
    }

    const User& user_;
    Grove& grove_;
    const SearchPlan& plan_;
    Random random_;
    std::string directory_;
    SeenFiles seen_;
    uint64_t collection_ = 0;
    std::string asked_;
    Tally tally_;
};

Tally trouble(const char* what) {
    Tally tally;
    tally.wrong = 1;
    std::snprintf(tally.first_wrong, sizeof tally.first_wrong, "%s", what);
    return tally;
}

} // namespace

void Tally::add(const Tally& other) {
    if (wrong + leaks == 0)
        std::memcpy(first_wrong, other.first_wrong, sizeof first_wrong);
    searches += other.searches;
    large_walks += other.large_walks;
    exact += other.exact;
    approximate += other.approximate;
    recall += other.recall;
    leaks += other.leaks;
    wrong += other.wrong;
}

Tally search_as(const User& user, Grove& grove, const SearchPlan& plan) {
    int ends[2];
    if (::pipe(ends) != 0)
        return trouble("no pipe");
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        const Tally tally =
            become(user) ? Searcher(user, grove, plan).run() : trouble("a user cannot be taken on");
        const bool told = ::write(ends[1], &tally, sizeof tally) == sizeof tally;
        ::_exit(told ? 0 : 1);
    }
    ::close(ends[1]);
    Tally tally;
    const bool told = child > 0 && ::read(ends[0], &tally, sizeof tally) == sizeof tally;
    ::close(ends[0]);
    if (child > 0)
        ::waitpid(child, nullptr, 0);
    return told ? tally : trouble("a process of searches ended without a word");
}

} // namespace vexfs
