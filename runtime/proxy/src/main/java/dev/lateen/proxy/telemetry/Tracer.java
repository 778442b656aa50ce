package dev.lateen.proxy.telemetry;

import com.google.protobuf.Message;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.listener.HttpConnectionManager;
import dev.lateen.proxycore.match.Fraction;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decides which requests are recorded and gives each its place in its trace. What the caller decided holds; else the
 * shares of the connection manager (Envoy's documentation of {@code HttpConnectionManager.Tracing}), in which a request is
 * by its id, so that all proxies on its way decide alike. One event loop.
 */
final class Tracer {
    private static final FieldName FORCED = FieldName.of("x-envoy-force-trace");
    private static final FieldName CLIENT = FieldName.of("x-client-trace-id");
    private static final int PROVIDERS = 100;
    /** As finely as Envoy divides a whole for its shares. */
    private static final int HUNDRED = 100;

    private static final int TEN_THOUSAND = 10_000;

    private final Map<Message, Optional<Collector>> collectors = new HashMap<>();

    /** Places a request, and tells whoever comes next. */
    RequestTrace place(HttpConnectionManager.Tracing tracing, Fields fields, RandomGenerator random) {
        TraceContext caller = TraceContext.read(fields);
        Boolean decided = caller == null ? null : caller.sampled();
        boolean sampled = decided == null ? samples(tracing, fields, random) : decided;
        long parent = caller == null ? 0 : caller.span();
        Message provider = tracing.provider();
        Collector collector = provider == null ? null : collector(provider);
        boolean wide = collector == null || collector.wideTraceIds();
        TraceContext own = caller == null || parent == 0
                ? new TraceContext(wide ? id(random) : 0, id(random), id(random), sampled)
                : new TraceContext(caller.high(), caller.low(), id(random), sampled);
        own.write(fields, parent);
        return new RequestTrace(own, parent, sampled ? collector : null);
    }

    private static boolean samples(HttpConnectionManager.Tracing tracing, Fields fields, RandomGenerator random) {
        Long drawn = tracing.byId() ? Fraction.drawn(fields.get(FieldName.X_REQUEST_ID)) : null;
        boolean wanted = fields.contains(FORCED)
                || (fields.contains(CLIENT) && in(tracing.clientSampling(), null, HUNDRED, random))
                || in(tracing.randomSampling(), drawn, TEN_THOUSAND, random);
        return wanted && in(tracing.overallSampling(), drawn, HUNDRED, random);
    }

    /**
     * Whether a request is in a share.
     *
     * @param drawn by its id; null: it is drawn here
     * @param parts of a whole that the share is told in
     */
    private static boolean in(double percent, @Nullable Long drawn, int parts, RandomGenerator random) {
        if (percent >= 100 || percent <= 0) {
            return percent > 0;
        }
        double place = drawn == null ? random.nextDouble() : (double) (drawn % parts) / parts;
        return place * 100 < percent;
    }

    private static long id(RandomGenerator random) {
        long id;
        do {
            id = random.nextLong();
        } while (id == 0);
        return id;
    }

    private @Nullable Collector collector(Message provider) {
        Optional<Collector> known = collectors.get(provider);
        if (known == null) {
            if (collectors.size() >= PROVIDERS) {
                collectors.clear();
            }
            known = Optional.ofNullable(Collector.of(provider));
            collectors.put(provider, known);
        }
        return known.orElse(null);
    }
}
