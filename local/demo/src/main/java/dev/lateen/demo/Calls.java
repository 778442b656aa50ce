package dev.lateen.demo;

import java.io.IOException;

/** Series of calls that several chapters make. */
final class Calls {
    private Calls() {}

    /** How many of 100 calls at {@code failRate=50&mode=busy} were not answered with 200; each is a curl of its own. */
    static long failing(Walk walk, String exec) throws IOException, InterruptedException, ChapterException {
        Result calls = walk.run(
                Deviation.QUESTION,
                exec + " bash -c 'for x in {1..100}; do curl -s -o /dev/null -w \"%{http_code}\\n\""
                        + " \"retry-service?failRate=50&mode=busy\"; done'");
        return calls.lines().size() == 100 ? 100 - calls.count("^200$") : -1;
    }

    /** Calls of the web from the client on one connection, numbered in the query. */
    static Result web(Walk walk, int count, String options) throws IOException, InterruptedException, ChapterException {
        return walk.run(
                Deviation.LOOP,
                "kubectl exec $clientPod -c client -- curl -s " + options + "\"myweb-service/?call=[1-" + count
                        + "]\"");
    }

    /** The endless loop of the text, for five turns. */
    static Result loop(Walk walk, String line) throws IOException, InterruptedException, ChapterException {
        return walk.run(Deviation.LOOP, "for x in {1..5}; do " + line + "; done");
    }
}
