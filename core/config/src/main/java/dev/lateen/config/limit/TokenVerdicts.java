package dev.lateen.config.limit;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What was found out about tokens lately: one that is shown again is not asked about again for a while, and about
 * those that are not known each caller can have so many questions asked. A question that fails is forgotten. No token
 * is kept, only its hash (SHA-256); of too many the oldest go first. Thread-safe; nobody waits for a question of
 * somebody else.
 *
 * @param <V> what is found out
 */
public final class TokenVerdicts<V> {
    private final InstantSource clock;
    private final KeyedRate questions;
    private final Function<V, Duration> life;
    private final Map<String, Known<V>> known;

    private record Known<T>(T verdict, Instant at, Instant until) {
        /** A clock that was set back makes no verdict hold longer. */
        boolean holds(Instant now) {
            return !now.isBefore(at) && now.isBefore(until);
        }
    }

    /**
     * Knows nothing yet.
     *
     * @param questions how often, by caller
     * @param most how many verdicts are kept
     * @param life how long a verdict holds
     */
    public TokenVerdicts(InstantSource clock, KeyedRate questions, int most, Function<V, Duration> life) {
        this.clock = clock;
        this.questions = questions;
        this.life = life;
        this.known = new Bounded<>(most);
    }

    private static final class Bounded<T> extends LinkedHashMap<String, T> {
        private static final long serialVersionUID = 1L;
        private final int most;

        Bounded(int most) {
            this.most = most;
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, T> eldest) {
            return size() > most;
        }
    }

    /**
     * What is known of a token.
     *
     * @param caller who shows it, such as an address
     * @param question finds it out; may wait
     * @return empty when this caller has had too many questions asked
     */
    public Optional<V> of(String token, String caller, Supplier<V> question) {
        String hash = hash(token);
        Instant now = clock.instant();
        synchronized (known) {
            Known<V> found = known.get(hash);
            if (found != null && found.holds(now)) {
                return Optional.of(found.verdict());
            }
        }
        if (!questions.take(caller, now)) {
            return Optional.empty();
        }
        V verdict = question.get();
        synchronized (known) {
            known.put(hash, new Known<>(verdict, now, now.plus(life.apply(verdict))));
        }
        return Optional.of(verdict);
    }

    private static String hash(String token) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
