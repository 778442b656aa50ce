package dev.lateen.acceptance.faults;

import java.io.IOException;

/**
 * One promise: what is done to the calls, and what must come of them. Everything but the run is the same each time.
 *
 * @param text what is promised
 * @param fault what is wrong meanwhile
 * @param calls how many calls are made
 * @param asked what must be seen
 */
record Promise(String text, String fault, int calls, String asked, Run run) {
    /** Makes the calls; their ids begin with the prefix. */
    interface Run {
        Seen run(Scene scene, String prefix, int calls) throws IOException, InterruptedException;
    }

    /** What came of it, and whether that is what was asked. */
    record Seen(boolean kept, String what) {}

    String row() {
        return "| " + text + " | " + fault + " | " + calls + " | " + asked + " |";
    }
}
