package dev.lateen.control.ca;

import java.io.IOException;
import java.io.StringReader;
import java.security.GeneralSecurityException;
import java.security.cert.CRLException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.jcajce.JcaX509CRLConverter;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.util.encoders.DecoderException;

/**
 * Which certificates of the mesh are revoked (RFC 5280, section 5): what stands under {@code ca-crl.pem} in Secret {@code
 * cacerts}. Proxies and Envoys that have any list refuse each certificate whose authority has none that is valid now, so
 * lists are told only where every authority has one. Immutable.
 *
 * @param all the lists; empty when nothing is revoked
 */
record RevocationLists(List<X509CRL> all) {
    static final RevocationLists NONE = new RevocationLists(List.of());

    /** Where {@link X509Certificate#getKeyUsage} says whether a key may sign lists. */
    private static final int SIGNS_LISTS = 6;

    RevocationLists {
        all = List.copyOf(all);
    }

    /**
     * Reads lists in PEM.
     *
     * @param what the text is, for messages
     * @throws IllegalArgumentException when it holds something else, or nothing
     */
    static RevocationLists read(String what, String text) {
        JcaX509CRLConverter converter = new JcaX509CRLConverter();
        List<X509CRL> lists = new ArrayList<>();
        try (PEMParser parser = new PEMParser(new StringReader(text))) {
            for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
                if (!(object instanceof X509CRLHolder holder)) {
                    throw new IllegalArgumentException(
                            what + " holds something that is no list of revoked certificates");
                }
                lists.add(converter.getCRL(holder));
            }
        } catch (IOException | CRLException | DecoderException e) {
            throw new IllegalArgumentException(what + " is not PEM: " + e.getMessage(), e);
        }
        if (lists.isEmpty()) {
            throw new IllegalArgumentException(what + " holds no list of revoked certificates");
        }
        return new RevocationLists(lists);
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    String pem() {
        StringBuilder text = new StringBuilder();
        all.forEach(list -> text.append(Pem.of(list)));
        return text.toString();
    }

    /**
     * Why those who have these lists would refuse good certificates; empty when they would not.
     *
     * @param authorities that stand above certificates in use
     */
    String lack(List<X509Certificate> authorities, Instant now) {
        for (X509Certificate authority : isEmpty() ? List.<X509Certificate>of() : authorities) {
            String name = "\"" + authority.getSubjectX500Principal() + "\"";
            boolean[] usage = authority.getKeyUsage();
            if (usage != null && !usage[SIGNS_LISTS]) {
                return name + " may not sign lists: its key usage lacks cRLSign";
            }
            List<X509CRL> own =
                    all.stream().filter(list -> isBy(list, authority)).toList();
            if (own.isEmpty()) {
                return "no list is signed by " + name;
            }
            if (own.stream().noneMatch(list -> isValid(list, now))) {
                return "the list of " + name + " is not valid now but from "
                        + own.getFirst().getThisUpdate().toInstant() + " to " + end(own.getFirst());
            }
        }
        return "";
    }

    private static String end(X509CRL list) {
        Date next = list.getNextUpdate();
        return next == null ? "no end" : next.toInstant().toString();
    }

    private static boolean isValid(X509CRL list, Instant now) {
        Date next = list.getNextUpdate();
        return !list.getThisUpdate().toInstant().isAfter(now)
                && (next == null || next.toInstant().isAfter(now));
    }

    private static boolean isBy(X509CRL list, X509Certificate authority) {
        if (!list.getIssuerX500Principal().equals(authority.getSubjectX500Principal())) {
            return false;
        }
        try {
            list.verify(authority.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false; // of the same name, but not by its key
        }
    }

    /** Whether one of a chain's certificates is revoked. */
    boolean revoke(X509Certificate[] chain) {
        for (X509Certificate certificate : chain) {
            for (X509CRL list : all) {
                if (list.getIssuerX500Principal().equals(certificate.getIssuerX500Principal())
                        && list.getRevokedCertificate(certificate.getSerialNumber()) != null) {
                    return true;
                }
            }
        }
        return false;
    }

    /** How many they are, for a log. */
    @Override
    public String toString() {
        int revoked = all.stream()
                .mapToInt(list -> list.getRevokedCertificates() == null
                        ? 0
                        : list.getRevokedCertificates().size())
                .sum();
        return isEmpty() ? "no lists" : all.size() + " list(s) with " + revoked + " certificate(s)";
    }
}
