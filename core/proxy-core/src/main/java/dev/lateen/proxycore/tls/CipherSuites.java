package dev.lateen.proxycore.tls;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Names of cipher suites up to TLS 1.2: BoringSSL's, in which Envoy is configured, and IANA's. */
public final class CipherSuites {
    private static final Map<String, String> STANDARD = Map.ofEntries(
            Map.entry("ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
            Map.entry("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
            Map.entry("ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
            Map.entry("ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
            Map.entry("ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
            Map.entry("ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
            Map.entry("ECDHE-ECDSA-AES128-SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
            Map.entry("ECDHE-RSA-AES128-SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
            Map.entry("ECDHE-ECDSA-AES256-SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
            Map.entry("ECDHE-RSA-AES256-SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
            Map.entry("AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256"),
            Map.entry("AES256-GCM-SHA384", "TLS_RSA_WITH_AES_256_GCM_SHA384"),
            Map.entry("AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"),
            Map.entry("AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"));

    private CipherSuites() {}

    /** BoringSSL's name of a suite that is known by IANA's; those of TLS 1.3 have one name. */
    public static String boring(String standard) {
        for (Map.Entry<String, String> suite : STANDARD.entrySet()) {
            if (suite.getValue().equals(standard)) {
                return suite.getKey();
            }
        }
        return standard;
    }

    /** IANA's names of the suites, in their order; those of equal worth, in brackets, one after the other. */
    static List<String> standard(List<String> names, Place at) throws CompileException {
        List<String> standard = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            for (String name : names.get(i).replace("[", "").replace("]", "").split("\\|")) {
                String known = STANDARD.containsValue(name) ? name : STANDARD.get(name);
                if (known == null) {
                    throw at.item("cipher_suites", i).refuse("unknown cipher suite \"" + name + "\"");
                }
                standard.add(known);
            }
        }
        return standard;
    }
}
