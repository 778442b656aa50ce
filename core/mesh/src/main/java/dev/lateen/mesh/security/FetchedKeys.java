package dev.lateen.mesh.security;

import dev.lateen.config.security.KeyLocation;
import dev.lateen.config.security.KeySet;
import dev.lateen.config.security.RequestAuthentication.JwtRule;
import java.util.Map;

/**
 * The keys of issuers that were fetched. Immutable.
 *
 * @param states of those locations that were tried
 */
public record FetchedKeys(Map<KeyLocation, State> states) {
    /** None yet. */
    public static final FetchedKeys NONE = new FetchedKeys(Map.of());

    /**
     * What is known of one location.
     *
     * @param keys the last good ones, a set of RFC 7517; empty when none ever came
     * @param failure why there are no newer ones; empty when there is no need
     */
    public record State(String keys, String failure) {}

    public FetchedKeys {
        states = Map.copyOf(states);
    }

    /** The keys of a rule; a set without a key as long as none has come, by which no token is good. */
    public String of(JwtRule rule) {
        KeyLocation location = rule.keyLocation();
        if (location == null) {
            return rule.jwks();
        }
        State state = states.get(location);
        return state == null || state.keys().isEmpty() ? KeySet.EMPTY.text() : state.keys();
    }
}
