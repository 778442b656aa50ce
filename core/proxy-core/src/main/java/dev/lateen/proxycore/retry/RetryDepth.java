package dev.lateen.proxycore.retry;

import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Has one layer of a chain of calls retry, so that tries do not multiply from layer to layer. When a call that a workload
 * made was tried more than once in vain, or could not be tried again for want of room, the workload's own failure on
 * account of it says {@code x-envoy-overloaded}. A proxy, Envoy too, tries no such answer again (Envoy documentation,
 * router filter), and this one passes it on: so the layer next to what fails retries, and none above it. A failure
 * without an answer is none of these, and is tried again as ever.
 *
 * <p>A call is made on account of the requests that the workload is serving with the same {@code x-request-id}, which
 * the app has to pass on, as it does for traces; a call without is nobody's. Of several requests with one id all are
 * held to have failed by it. Nothing is kept of requests that are over.
 *
 * <p>Thread-safe: calls may be made from other event loops than the one that serves.
 */
public final class RetryDepth {
    private static final Served ANY = new Served("");

    private final boolean limited;
    private final Map<String, Served> serving = new ConcurrentHashMap<>();

    /** @param limited whether any of this is done */
    public RetryDepth(boolean limited) {
        this.limited = limited;
    }

    /** What this workload serves, under one id. */
    public static final class Served {
        private final String id;
        /** Changed by one thread at a time, which the map sees to. */
        private int requests;

        private volatile boolean exhausted;

        private Served(String id) {
            this.id = id;
        }
    }

    /** The workload is to serve this request; to be followed by {@link #end}. */
    public Served begin(RequestHead request) {
        String id = limited ? request.fields().get(FieldName.X_REQUEST_ID) : null;
        if (id == null) {
            return ANY;
        }
        return serving.compute(id, (key, known) -> {
            Served served = known == null ? new Served(key) : known;
            served.requests++;
            return served;
        });
    }

    /** The workload's answer begins: tells callers when trying it again would repeat tries that were made already. */
    public void answer(Served served, ResponseHead answer) {
        if (served.exhausted && isFailure(answer)) {
            answer.fields().set(FieldName.X_ENVOY_OVERLOADED, "true");
        }
    }

    /** The request is over. */
    public void end(Served served) {
        if (served != ANY) {
            serving.computeIfPresent(served.id, (_, known) -> --known.requests == 0 ? null : known);
        }
    }

    /**
     * A call that the workload made is answered.
     *
     * @param answer of the last try, or this proxy's own
     * @param tries how many were made
     * @param overflow whether the cluster had no room for another
     */
    public void called(RequestHead request, ResponseHead answer, int tries, boolean overflow) {
        if (limited && isFailure(answer) && (tries > 1 || overflow || isOverloaded(answer))) {
            String id = request.fields().get(FieldName.X_REQUEST_ID);
            Served served = id == null ? null : serving.get(id);
            if (served != null) {
                served.exhausted = true;
            }
        }
    }

    private static boolean isOverloaded(ResponseHead answer) {
        return answer.fields().contains(FieldName.X_ENVOY_OVERLOADED);
    }

    /** Whatever a policy could have tried again. */
    private static boolean isFailure(ResponseHead answer) {
        String grpc = answer.fields().get(FieldName.GRPC_STATUS);
        return answer.status() >= 400 || grpc != null && !grpc.equals("0");
    }

    /** How many ids are known: for tests, and 0 when nothing is served. */
    int size() {
        return serving.size();
    }
}
