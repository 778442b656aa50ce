package dev.lateen.mesh.validate;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.security.KeyLocation;
import dev.lateen.config.security.RequestAuthentication;
import dev.lateen.config.security.RequestAuthentication.JwtRule;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.security.FetchedKeys;
import java.util.List;

/** Keys that could not be fetched, and Gateways that are not there. */
final class RequestAuthenticationChecks {
    private RequestAuthenticationChecks() {}

    static void run(ConfigObject<RequestAuthentication> object, Snapshot snapshot, Findings findings) {
        AuthorizationPolicyChecks.targets(object, object.spec().targetRefs(), snapshot, findings);
        FetchedKeys keys = snapshot.fetchedKeys();
        List<JwtRule> rules = object.spec().jwtRules();
        for (int i = 0; i < rules.size(); i++) {
            KeyLocation location = rules.get(i).keyLocation();
            if (location == null) {
                continue;
            }
            FetchedKeys.State state = keys.states().get(location);
            if (state == null || state.failure().isEmpty()) {
                continue;
            }
            String path = "spec.jwtRules[" + i + "]" + (location.issuer() == null ? ".jwksUri" : ".issuer");
            if (state.keys().isEmpty()) {
                findings.error(object, path, "tokens of this issuer are refused: " + state.failure());
            } else {
                findings.warning(object, path, state.failure());
            }
        }
    }
}
