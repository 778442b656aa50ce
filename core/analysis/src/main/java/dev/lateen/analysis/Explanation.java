package dev.lateen.analysis;

import dev.lateen.proxycore.Trace.Reason;
import dev.lateen.proxycore.Trace.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Why a request goes where it goes.
 *
 * @param caller the proxy, as in its node id
 * @param request the question
 * @param outcome the answer
 * @param steps how the answer came about, first step first
 * @param notes what else a reader should know: objects that stand back behind others, resources that a proxy refuses
 */
public record Explanation(
        String caller, PretendRequest request, Outcome outcome, List<Step> steps, List<String> notes) {
    public Explanation {
        steps = List.copyOf(steps);
        notes = List.copyOf(notes);
    }

    /**
     * One step.
     *
     * @param reason what the proxy looked at, and why it did or did not count
     * @param object the configuration object behind it, or empty
     * @param place where that object was written: a file with its line, or the object of the API; or empty
     */
    public record Step(Reason reason, String object, String place) {
        @Override
        public String toString() {
            String origin = object.isEmpty() ? "" : " [" + object + (place.isEmpty() ? "" : ", " + place) + "]";
            return reason.verdict().name().toLowerCase(Locale.ROOT) + " " + reason.subject() + ": " + reason.why()
                    + origin;
        }
    }

    /** The configuration objects that took part in the answer, in the order of the steps. */
    public List<String> objects() {
        return steps.stream()
                .filter(step -> step.reason().verdict() == Verdict.CHOSEN)
                .map(Step::object)
                .filter(object -> !object.isEmpty())
                .distinct()
                .toList();
    }

    /** For people: the question, the answer, and one line for each step and note. */
    @Override
    public String toString() {
        List<String> lines = new ArrayList<>();
        lines.add(request + "\n  from " + caller);
        lines.add("  " + outcome);
        steps.forEach(step -> lines.add("  - " + step));
        notes.forEach(note -> lines.add("  ! " + note));
        return String.join("\n", lines);
    }
}
