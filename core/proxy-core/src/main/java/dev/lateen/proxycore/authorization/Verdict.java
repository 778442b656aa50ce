package dev.lateen.proxycore.authorization;

import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.ResponseHead;
import java.util.List;

/** What an authorization service said. */
public sealed interface Verdict {
    /**
     * The request passes.
     *
     * @param request what is changed in it
     * @param response what is changed in its answer
     */
    record Allowed(List<Change> request, List<Change> response) implements Verdict {
        public Allowed {
            request = List.copyOf(request);
            response = List.copyOf(response);
        }
    }

    /** The request is answered with this. */
    record Denied(ResponseHead response, String body) implements Verdict {}

    /** It said nothing that can be understood. */
    record Failed(String reason) implements Verdict {}

    /** One change of fields. */
    record Change(Kind kind, FieldName name, String value) {
        /** What is done. */
        public enum Kind {
            SET,
            /** Beside those of the same name, in any case. */
            ADD,
            /** Beside those of the same name, when there is one. */
            APPEND,
            ADD_IF_ABSENT,
            REMOVE
        }

        static void apply(List<Change> changes, Fields fields) {
            for (Change change : changes) {
                switch (change.kind) {
                    case SET -> fields.set(change.name, change.value);
                    case ADD -> fields.add(change.name, change.value);
                    case APPEND -> {
                        if (fields.contains(change.name)) {
                            fields.add(change.name, change.value);
                        }
                    }
                    case ADD_IF_ABSENT -> {
                        if (!fields.contains(change.name)) {
                            fields.add(change.name, change.value);
                        }
                    }
                    case REMOVE -> fields.remove(change.name);
                }
            }
        }
    }

    /** Makes the changes. */
    static void apply(List<Change> changes, Fields fields) {
        Change.apply(changes, fields);
    }
}
