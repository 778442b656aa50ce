package dev.lateen.proxycore;

import java.util.ArrayList;
import java.util.List;

/**
 * Takes the reasons of a decision when someone asks for them. Production passes {@link #NONE}; deciders check {@link
 * #on()} before they build any text, so reasons cost one predictable branch.
 */
public abstract sealed class Trace {
    /** Takes nothing. */
    public static final Trace NONE = new Off();

    private Trace() {}

    /** A trace that keeps what it is told. Not thread-safe. */
    public static Recording recording() {
        return new Recording();
    }

    /** Whether anyone listens. */
    public abstract boolean on();

    /**
     * Notes one step of a decision.
     *
     * @param verdict what happened to the subject
     * @param subject what was looked at, such as {@code virtual host "reviews:80"}
     * @param why the reason, a short sentence without full stop
     * @param origin the configuration object behind the subject as xDS metadata names it, or empty
     */
    public abstract void note(Verdict verdict, String subject, String why, String origin);

    /** {@link #note} without an origin. */
    public final void note(Verdict verdict, String subject, String why) {
        note(verdict, subject, why, "");
    }

    /** What a decision did with the thing it looked at. */
    public enum Verdict {
        /** It decided, or took part in the decision. */
        CHOSEN,
        /** It did not match, or could not be used. */
        SKIPPED,
        /** It changed or explains something without being an alternative. */
        NOTED
    }

    /**
     * One step of a decision.
     *
     * @param verdict chosen, skipped or noted
     * @param subject what was looked at
     * @param why the reason
     * @param origin the configuration object behind it, or empty
     */
    public record Reason(Verdict verdict, String subject, String why, String origin) {
        @Override
        public String toString() {
            return verdict.name().toLowerCase(java.util.Locale.ROOT) + " " + subject + ": " + why
                    + (origin.isEmpty() ? "" : " (" + origin + ")");
        }
    }

    /** A trace that keeps reasons in order. */
    public static final class Recording extends Trace {
        private final List<Reason> reasons = new ArrayList<>();

        private Recording() {}

        @Override
        public boolean on() {
            return true;
        }

        @Override
        public void note(Verdict verdict, String subject, String why, String origin) {
            reasons.add(new Reason(verdict, subject, why, origin));
        }

        /** What was noted so far, oldest first. */
        public List<Reason> reasons() {
            return List.copyOf(reasons);
        }
    }

    private static final class Off extends Trace {
        @Override
        public boolean on() {
            return false;
        }

        @Override
        public void note(Verdict verdict, String subject, String why, String origin) {}
    }
}
