package dev.lateen.acceptance.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.sun.net.httpserver.HttpServer;
import dev.lateen.acceptance.access.AccessTable.Question;
import dev.lateen.acceptance.access.AccessTable.Scene;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.json.JsonMapper;

/**
 * Tokens with the claims of the table, of issuers that the workload trusts: the keys of every other issuer stand in the
 * rule, those of the others on a server, where the control plane fetches them.
 */
final class Tokens implements AutoCloseable {
    /** Of no loopback: the control plane fetches nothing from its own machine. */
    private static final String ADDRESS = "10.99.0.1";

    private final RSAKey key;
    private final HttpServer server;

    Tokens() throws JOSEException, IOException {
        key = new RSAKeyGenerator(2048).keyID("wire").generate();
        server = HttpServer.create(new InetSocketAddress(ADDRESS, 0), 0);
        server.createContext("/keys", exchange -> {
            byte[] keys = keys().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, keys.length);
            exchange.getResponseBody().write(keys);
            exchange.close();
        });
        server.start();
    }

    private String keys() {
        return "{\"keys\":[" + key.toPublicJWK().toJSONString() + "]}";
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
        boolean given = false;
        for (String issuer : issuers) {
            String from = given
                    ? "jwks: '" + keys() + "'"
                    : "jwksUri: \"http://" + ADDRESS + ":" + server.getAddress().getPort() + "/keys\"";
            rules.append("  - {issuer: \"")
                    .append(issuer)
                    .append("\", ")
                    .append(from)
                    .append("}\n");
            given = !given;
        }
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

    @Override
    public void close() {
        server.stop(0);
    }
}
