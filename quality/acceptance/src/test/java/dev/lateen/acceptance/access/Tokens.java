package dev.lateen.acceptance.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import dev.lateen.acceptance.access.AccessTable.Question;
import dev.lateen.acceptance.access.AccessTable.Scene;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.json.JsonMapper;

/** Tokens with the claims of the table, of issuers that the workload trusts. */
final class Tokens {
    private final RSAKey key;

    Tokens() throws JOSEException {
        key = new RSAKeyGenerator(2048).keyID("wire").generate();
    }

    /** An object that says so; empty where no question of the scene has claims. */
    String trust(Scene scene) {
        Set<String> issuers = new TreeSet<>();
        for (Question question : scene.questions()) {
            if (question.facts().containsKey("claims")) {
                issuers.add(new JsonMapper()
                        .readTree(question.fact("claims", "{}"))
                        .path("iss")
                        .asString("nobody"));
            }
        }
        if (issuers.isEmpty()) {
            return "";
        }
        StringBuilder rules = new StringBuilder();
        issuers.forEach(issuer -> rules.append("  - {issuer: \"")
                .append(issuer)
                .append("\", jwks: '{\"keys\":[")
                .append(key.toPublicJWK().toJSONString())
                .append("]}'}\n"));
        return """
                ---
                apiVersion: security.istio.io/v1
                kind: RequestAuthentication
                metadata: {name: tokens, namespace: default}
                spec:
                  jwtRules:
                """ + rules;
    }

    String with(String claims) {
        try {
            // A token without an issuer is nobody's: the table means one whose issuer does not count.
            String payload = claims.contains("\"iss\"")
                    ? claims
                    : claims.replaceFirst("\\{", "{\"iss\":\"nobody\",").replace(",}", "}");
            JWSObject token = new JWSObject(
                    new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("wire").build(), new Payload(payload));
            token.sign(new RSASSASigner(key));
            return token.serialize();
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }
}
