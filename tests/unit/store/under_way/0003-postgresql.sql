CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.events (
    stack_id character varying(36) NOT NULL,
    seq integer NOT NULL,
    id character varying(36) NOT NULL,
    "time" double precision NOT NULL,
    resource_id bigint,
    resource_name character varying(255) NOT NULL,
    resource_type character varying(255) NOT NULL,
    physical_id character varying,
    action character varying(16) NOT NULL,
    status character varying(16) NOT NULL,
    reason bytea NOT NULL,
    properties bytea
);
CREATE TABLE public.operations (
    id character varying(64) NOT NULL,
    stack_id character varying(36) NOT NULL,
    seq integer NOT NULL,
    action character varying(16) NOT NULL,
    state character varying(16) NOT NULL,
    request json NOT NULL,
    requested_by json NOT NULL,
    timeout double precision NOT NULL,
    accepted_at double precision NOT NULL,
    began_at double precision,
    ended_at double precision,
    deadline double precision,
    workflow_id character varying(1000) NOT NULL,
    chain_id character varying(64) NOT NULL,
    superseded_by character varying(64) NOT NULL,
    reason bytea NOT NULL,
    summary character varying NOT NULL,
    failure bytea,
    target_id character varying(64) DEFAULT ''::character varying NOT NULL,
    cancel character varying(16) DEFAULT ''::character varying NOT NULL,
    follows character varying(64) DEFAULT ''::character varying NOT NULL,
    owner_operation character varying(64) DEFAULT ''::character varying NOT NULL
);
CREATE TABLE public.resources (
    id bigint NOT NULL,
    stack_id character varying(36) NOT NULL,
    uuid character varying(36) NOT NULL,
    name character varying(255) NOT NULL,
    type character varying(255) NOT NULL,
    implementation character varying(255) NOT NULL,
    instant boolean NOT NULL,
    concurrency character varying(255) NOT NULL,
    definition bytea NOT NULL,
    requires json NOT NULL,
    action character varying(16) NOT NULL,
    status character varying(16) NOT NULL,
    status_reason bytea NOT NULL,
    physical_id character varying,
    reference_id bytea,
    attributes bytea,
    data bytea,
    properties bytea,
    progress bytea,
    created_at double precision NOT NULL,
    updated_at double precision NOT NULL,
    claim_seq integer NOT NULL,
    claim_run integer NOT NULL,
    claim_step integer NOT NULL,
    claim_attempt integer NOT NULL,
    lease_until double precision NOT NULL,
    key character varying NOT NULL,
    intent_open boolean NOT NULL,
    polling boolean NOT NULL,
    retries integer NOT NULL,
    outcome character varying,
    create_key character varying NOT NULL,
    create_unsettled boolean NOT NULL,
    role character varying(16) DEFAULT ''::character varying NOT NULL,
    role_seq integer DEFAULT 0 NOT NULL,
    wanted bytea,
    target_requires json,
    claim_phase integer DEFAULT 0 NOT NULL,
    template_id character varying(64) DEFAULT ''::character varying NOT NULL,
    input_hash character varying(64) DEFAULT ''::character varying NOT NULL,
    revision integer DEFAULT 0 NOT NULL,
    drift character varying(255) DEFAULT ''::character varying NOT NULL,
    replaces bigint,
    replaced_by bigint,
    born_seq integer DEFAULT 0 NOT NULL,
    hooks json
);
CREATE SEQUENCE public.resources_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.resources_id_seq OWNED BY public.resources.id;
CREATE TABLE public.signals (
    id character varying(36) NOT NULL,
    stack_id character varying(36) NOT NULL,
    resource_name character varying(255) NOT NULL,
    seq integer NOT NULL,
    "time" double precision NOT NULL,
    body bytea NOT NULL
);
CREATE TABLE public.stacks (
    id character varying(36) NOT NULL,
    project character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    description bytea NOT NULL,
    owner character varying(255) NOT NULL,
    action character varying(16) NOT NULL,
    status character varying(16) NOT NULL,
    status_reason bytea NOT NULL,
    created_at double precision NOT NULL,
    updated_at double precision,
    deleted_at double precision,
    timeout_mins integer,
    disable_rollback boolean NOT NULL,
    tags json NOT NULL,
    template bytea NOT NULL,
    environment bytea NOT NULL,
    parameters bytea NOT NULL,
    files bytea NOT NULL,
    shown_parameters bytea NOT NULL,
    outputs bytea NOT NULL,
    operation_seq integer NOT NULL,
    accepted_seq integer NOT NULL,
    event_seq integer NOT NULL,
    template_id character varying(64) DEFAULT ''::character varying NOT NULL,
    previous_template_id character varying(64) DEFAULT ''::character varying NOT NULL,
    complete_template_id character varying(64) DEFAULT ''::character varying NOT NULL,
    owner_id character varying(36),
    owner_row bigint,
    root_id character varying(36) DEFAULT ''::character varying NOT NULL,
    depth integer DEFAULT 0 NOT NULL,
    revision integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.targets (
    id character varying(64) NOT NULL,
    stack_id character varying(36) NOT NULL,
    created_at double precision NOT NULL,
    description bytea NOT NULL,
    template bytea NOT NULL,
    environment bytea NOT NULL,
    parameters bytea NOT NULL,
    files bytea NOT NULL,
    shown_parameters bytea NOT NULL,
    outputs bytea NOT NULL,
    resources bytea NOT NULL
);
ALTER TABLE ONLY public.resources ALTER COLUMN id SET DEFAULT nextval('public.resources_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0003');
INSERT INTO public.events VALUES ('eca6527f-00ff-41c6-8d8e-1ec47912440b', 1, '7e73ed5f-897e-4154-addd-185a61167515', 1, NULL, 'asked', 'OS::Heat::Stack', 'eca6527f-00ff-41c6-8d8e-1ec47912440b', 'CREATE', 'IN_PROGRESS', '\x01026b31b4ceb040ff26de5fbee24d7abdad1834356f6842839a3d711f4d81e583d33b033896426119090309014d0ed2a3431a17', NULL);
INSERT INTO public.events VALUES ('eca6527f-00ff-41c6-8d8e-1ec47912440b', 2, 'f5c238a1-1604-42ca-b663-23ed8e8175b4', 2, 1, 'a', 'Example::Thing', NULL, 'CREATE', 'IN_PROGRESS', '\x01026b31abe5ea079cb4fdea931c60fbaed0e97ae1bb282301765285e8de228d6cde4cbfe35e629e389ad634bc', NULL);
INSERT INTO public.events VALUES ('eca6527f-00ff-41c6-8d8e-1ec47912440b', 3, 'c545e5dd-2068-4e40-81a5-3c83991ea375', 2, 1, 'a', 'Example::Thing', 'id-a', 'CREATE', 'COMPLETE', '\x01026b31270d36a97d98e9c81f4f6d9c02f62a8bed41dfb697bfb90ef1e28d25e6e4900adf57f4b346bfb19cd1', NULL);
INSERT INTO public.events VALUES ('eca6527f-00ff-41c6-8d8e-1ec47912440b', 4, 'f0edd969-0b28-44d6-9384-bb3357220df4', 3, NULL, 'asked', 'OS::Heat::Stack', 'eca6527f-00ff-41c6-8d8e-1ec47912440b', 'CREATE', 'COMPLETE', '\x01026b31d8231bb7a96e976465a2725f3a0316b68aba4ea2e6c9f92f0bb675a71ed57abe9940a010d4070e7808d9b96f8d221d66e1d8cfcec9d08061070a1f31836800', NULL);
INSERT INTO public.events VALUES ('ddb06023-ae15-4b20-ba26-07e84c2149ea', 1, '55e12512-7af6-4cbc-9db4-cd9e67eea1e6', 1, NULL, 'taken', 'OS::Heat::Stack', 'ddb06023-ae15-4b20-ba26-07e84c2149ea', 'CREATE', 'IN_PROGRESS', '\x01026b31b4f8f462fbe8ba38a7d329a6f0f84bd788ebefa779b8120c10c3cbca5248915541446a3278ce4e41f9454a2eaeb477a3', NULL);
INSERT INTO public.events VALUES ('ddb06023-ae15-4b20-ba26-07e84c2149ea', 2, '09c47696-152b-4aad-800c-085ec86262bc', 2, 2, 'a', 'Example::Thing', NULL, 'CREATE', 'IN_PROGRESS', '\x01026b319598f371f2c610098bd3ee3efbcb8c05c6af5024935d54b229846656ec413ec883db5b22c9bf4d6b53', NULL);
INSERT INTO public.events VALUES ('ddb06023-ae15-4b20-ba26-07e84c2149ea', 3, 'eae9dea4-8959-4ebb-9a11-11229b7a9d62', 2, 2, 'a', 'Example::Thing', 'id-a', 'CREATE', 'COMPLETE', '\x01026b31de49b93603373382177e7ad6657b8fc52a286aba9aa07fa0818153c14df898edabb75c64bc0d4a84c8', NULL);
INSERT INTO public.events VALUES ('ddb06023-ae15-4b20-ba26-07e84c2149ea', 4, '49315399-ff29-4b7e-b507-19e82238a31c', 3, NULL, 'taken', 'OS::Heat::Stack', 'ddb06023-ae15-4b20-ba26-07e84c2149ea', 'CREATE', 'COMPLETE', '\x01026b31afc575e01861a412ff9e42b5c0ef9cfe50d41892a2a9cb4670af480354537ad4c8c846f54f0b9ce062710f9af3fe21c70c2f06e9c1d8983fb971899c43c423', NULL);
INSERT INTO public.events VALUES ('ddb06023-ae15-4b20-ba26-07e84c2149ea', 5, 'eef735b1-58c4-465c-9a2b-27657125bc1f', 11, NULL, 'taken', 'OS::Heat::Stack', 'ddb06023-ae15-4b20-ba26-07e84c2149ea', 'UPDATE', 'IN_PROGRESS', '\x01026b31339d1c10e1b0bcb0b159b9d5c8774d508b2b8988d074c568e2b0176e96f2ab933fb2e1f7800b17f09a4ddc387952f5ff', NULL);
INSERT INTO public.events VALUES ('b7a160ad-80d7-4327-932c-9041902db85b', 1, '255ab78f-2c05-44c9-9541-92ca4a1f9b5b', 1, NULL, 'cancelled', 'OS::Heat::Stack', 'b7a160ad-80d7-4327-932c-9041902db85b', 'CREATE', 'IN_PROGRESS', '\x01026b3137d9af6ed96b113e79825b1aba382228c7ca2beea8946f5b16f923cdb6fe2514ac13e3b82c9674ca405f413d8272bcd7', NULL);
INSERT INTO public.events VALUES ('b7a160ad-80d7-4327-932c-9041902db85b', 2, '52699c5c-969c-4616-b2be-c6772db120d2', 2, 3, 'a', 'Example::Thing', NULL, 'CREATE', 'IN_PROGRESS', '\x01026b311d439c99d098dc1b418651e3c7eac82383ca1fd7049a31f72f8038787fda16c9ae97e35c605ce3b580', NULL);
INSERT INTO public.events VALUES ('b7a160ad-80d7-4327-932c-9041902db85b', 3, 'a7648475-937c-486b-8332-76b0d9943c98', 2, 3, 'a', 'Example::Thing', 'id-a', 'CREATE', 'COMPLETE', '\x01026b318763dd69552c1b5bcd8a95adca038fa0f3fa66b5e3b8400b3fc22055c86bb77a8123e506b4354eab80', NULL);
INSERT INTO public.events VALUES ('b7a160ad-80d7-4327-932c-9041902db85b', 4, '90cec0d3-18ab-4cfb-8ec3-8a95e6100707', 3, NULL, 'cancelled', 'OS::Heat::Stack', 'b7a160ad-80d7-4327-932c-9041902db85b', 'CREATE', 'COMPLETE', '\x01026b316661e1477829e50e649a2f35f7d7fd46fa070f641288b7b51af919c016915755d38e8a2ee637275b62fc09daca4d172a369d736dff049c6dbf1184ee781dec', NULL);
INSERT INTO public.events VALUES ('b7a160ad-80d7-4327-932c-9041902db85b', 5, 'e401df0e-ad71-47dc-8d55-d7db4dca02b1', 11, NULL, 'cancelled', 'OS::Heat::Stack', 'b7a160ad-80d7-4327-932c-9041902db85b', 'UPDATE', 'IN_PROGRESS', '\x01026b31af90bfe2dba003f2d52ece5c991541c466c353be7c91ee0c9d48530184ca09b39d56f6ec00cb55abcf04965f1e630939', NULL);
INSERT INTO public.operations VALUES ('7376f22e-e484-46c1-949d-f1bcb91f65f4', 'eca6527f-00ff-41c6-8d8e-1ec47912440b', 1, 'CREATE', 'DONE', '{}', '{}', 60, 1, 1.5, 3, 61.5, 'stack/default/web', 'chain-1', '', '\x01026b316ec1fa32cc7379ff0a013a203a34ca1de1f30153059f55dcfb9bde2d1642a948db5b842cfd807337d2e61728ccc3c7f6d3c031eac463a1bb0528af520e53d8', 'Stack CREATE completed successfully', NULL, '7376f22e-e484-46c1-949d-f1bcb91f65f4', '', '', '');
INSERT INTO public.operations VALUES ('e3571de3-a077-40f0-998b-97dcccf9d226', 'eca6527f-00ff-41c6-8d8e-1ec47912440b', 2, 'UPDATE', 'PENDING', '{"timeout_mins": 7, "disable_rollback": false, "tags": ["two"], "on_failure": null}', '{}', 60, 10, NULL, NULL, NULL, 'stack/default/web', '', '', '\x01026b310e8990104856474ade041294c62d0d30447e85debdc4d1224d876cb3', '', NULL, 'e3571de3-a077-40f0-998b-97dcccf9d226', '', '', '');
INSERT INTO public.operations VALUES ('d3705b68-2da8-40c3-82f7-3e7062de04d0', 'ddb06023-ae15-4b20-ba26-07e84c2149ea', 1, 'CREATE', 'DONE', '{}', '{}', 60, 1, 1.5, 3, 61.5, 'stack/default/web', 'chain-1', '', '\x01026b31e9cd1ea08d358586af6adc38f143cb6e3aafbaf478c36eff3c3e899b2548b7c12cff2543738e3af69cbaec4763805886eae8cee891775c0df5f3663e341e97', 'Stack CREATE completed successfully', NULL, 'd3705b68-2da8-40c3-82f7-3e7062de04d0', '', '', '');
INSERT INTO public.operations VALUES ('4d087157-2a81-4cad-9218-4b13aad1a173', 'ddb06023-ae15-4b20-ba26-07e84c2149ea', 2, 'UPDATE', 'RUNNING', '{"timeout_mins": 7, "disable_rollback": false, "tags": ["two"], "on_failure": null}', '{}', 60, 10, 11, NULL, 71, 'stack/default/web', 'chain-1', '', '\x01026b31e822cd8991d1ffbf8c7a611d2f823adf81e30a732baf3631f295c502', '', NULL, '4d087157-2a81-4cad-9218-4b13aad1a173', '', '', '');
INSERT INTO public.operations VALUES ('0e222d30-660e-46f4-8ca4-084fdd232b35', 'ddb06023-ae15-4b20-ba26-07e84c2149ea', 3, 'UPDATE', 'PENDING', '{"timeout_mins": 7, "disable_rollback": false, "tags": ["three"], "on_failure": null}', '{}', 60, 12, NULL, NULL, NULL, 'stack/default/web', '', '', '\x01026b31db06e804bf6b28905e8322e009df9ca1492de5a46044c26b228d4808', '', NULL, '0e222d30-660e-46f4-8ca4-084fdd232b35', '', '', '');
INSERT INTO public.operations VALUES ('90271cea-fb9a-4925-88b4-73bad415662a', 'b7a160ad-80d7-4327-932c-9041902db85b', 1, 'CREATE', 'DONE', '{}', '{}', 60, 1, 1.5, 3, 61.5, 'stack/default/web', 'chain-1', '', '\x01026b31b7fe093ef26303e7501bea15cbe41dfec1fc3b5b3fed9910f729f6889d81c6fade28f85d253721e501b1e414508b09132dd3bf5cea0e0525d51f31be2dbec5', 'Stack CREATE completed successfully', NULL, '90271cea-fb9a-4925-88b4-73bad415662a', '', '', '');
INSERT INTO public.operations VALUES ('c546440e-f1f1-43c7-adfb-7c6f5426ede6', 'b7a160ad-80d7-4327-932c-9041902db85b', 2, 'UPDATE', 'RUNNING', '{"timeout_mins": 7, "disable_rollback": false, "tags": ["two"], "on_failure": null}', '{}', 60, 10, 11, NULL, 71, 'stack/default/web', 'chain-1', '', '\x01026b31460427141de51e403f8f58144be2eedb4b45afb8d7733c6fd5ac90ad', '', NULL, 'c546440e-f1f1-43c7-adfb-7c6f5426ede6', 'rollback', '', '');
INSERT INTO public.resources VALUES (1, 'eca6527f-00ff-41c6-8d8e-1ec47912440b', '17ad2ffe-590c-4e4d-8718-580e650dfb1d', 'a', 'Example::Thing', 'Example::Thing', false, '', '\x01026b313ff709fddea398c276472057342f596fa885319facc53a631923d48739c1011a8adfd3fcc2909a9ba8d709053e1e0fa57e1ead7550e944f1ed8a63db0333b0b7', '[]', 'CREATE', 'COMPLETE', '\x01026b3199900a4956454f0a60d5c8dd9ee3fb7b9391e6805a96d2f49f5b4dec1b681132afc37d39ad273026c1', 'id-a', NULL, NULL, NULL, NULL, NULL, 1, 2, 1, 1, 1, 1, 0, '7376f22e-e484-46c1-949d-f1bcb91f65f4.1', false, false, 0, '{"kind":"done","at":0.0,"key":"","error_class":"","changed":false,"replaced":false}', '7376f22e-e484-46c1-949d-f1bcb91f65f4.1', false, '', 0, NULL, NULL, 0, '7376f22e-e484-46c1-949d-f1bcb91f65f4', '', 0, '', NULL, NULL, 1, NULL);
INSERT INTO public.resources VALUES (2, 'ddb06023-ae15-4b20-ba26-07e84c2149ea', '3465546a-76ba-4656-9865-7de8e18035ad', 'a', 'Example::Thing', 'Example::Thing', false, '', '\x01026b31977069e792bddc31bc4c66692d82fd9b5b9c16aa25a7b8d201e23a9f9fa6041b7db09a566935382c806ab41fbd1d2c5a411ba79206ae4b4ce40c90b8a150f490', '[]', 'CREATE', 'COMPLETE', '\x01026b310d2652d16042542d4844b0b0b49267b3e1901d11490e51d78d130c30ad3e9acb006c7d4a5aaf0968ce', 'id-a', NULL, NULL, NULL, NULL, NULL, 1, 2, 1, 1, 1, 1, 0, 'd3705b68-2da8-40c3-82f7-3e7062de04d0.2', false, false, 0, '{"kind":"done","at":0.0,"key":"","error_class":"","changed":false,"replaced":false}', 'd3705b68-2da8-40c3-82f7-3e7062de04d0.2', false, 'converge', 2, '\x01026b31ce10fe54b310ca3dcffe33b39439b829f97277e20111e16b727818a61265da5df5e97a677c23acbc807f527640c7e88849d69a942169998a8c53670f7a4e731f4d9ba28523e65011bcf37ba40d67c61f68a357dcf9cbc1a13d1c5459780a0ba71ff1f402d168d32d854216643987eca5b7a07b1214fbf518899a140bd45b45605762f8fecfdd2b0d8c90d652c05171965ce30fb2d55c9e9f68317764b31ebf82a08150070f833cd66ad827f64440adb637fbf1168fdea10ab0f476ebceac6d3144b1ab7ac514ac5d59bbd102c594004fe2231805024751610eafd925d7ae591732', '[]', 0, 'd3705b68-2da8-40c3-82f7-3e7062de04d0', '', 0, '', NULL, NULL, 1, NULL);
INSERT INTO public.resources VALUES (3, 'b7a160ad-80d7-4327-932c-9041902db85b', '3c897340-36c4-4a67-815c-51213b7ed943', 'a', 'Example::Thing', 'Example::Thing', false, '', '\x01026b3194c97c89b956c3e7db9b33a5010f86d1056172261f53625ef979b781d9dba61db402df3f7d93cf23812b9df716e8e00b21711aaed66986318f7613f63eab3407', '[]', 'CREATE', 'COMPLETE', '\x01026b316368c6d562554a01c05cdc2c01f5ee31801644c6f51b896d68c55d9a42487239cbdc8cbaeda69c856a', 'id-a', NULL, NULL, NULL, NULL, NULL, 1, 2, 1, 1, 1, 1, 0, '90271cea-fb9a-4925-88b4-73bad415662a.3', false, false, 0, '{"kind":"done","at":0.0,"key":"","error_class":"","changed":false,"replaced":false}', '90271cea-fb9a-4925-88b4-73bad415662a.3', false, 'converge', 2, '\x01026b31dcbb78f5e412e0fea3075e898f98e24dafebdb3722a830ac2d8ea0f30cfee240dbd35bd58f2ca3e4df2ea022168c14ea9768f1b4339a5a0658e5f5d68d51168226eb6474c00f78e332084550a2d5a872c713683797e8cf70e739bbf4bca11455a328d327f7c3b95e2992cdcce9e5bd08c840e37eff326362a32c223258f71ac1dbe176a266a88cac97a600a9ac7b50c9ce1b54ccaad1a19a84f5756ecb223eaa455c0bbcd3843f0fc5456c8c619f0a93704441076137f7e2ff209eada0535a5dff857c78a9f1efee2a25d607f3d8639d553021f6f29a10ebb8c7c612c1ee55dd36', '[]', 0, '90271cea-fb9a-4925-88b4-73bad415662a', '', 0, '', NULL, NULL, 1, NULL);
INSERT INTO public.stacks VALUES ('b7a160ad-80d7-4327-932c-9041902db85b', 'default', 'cancelled', '\x01026b318cf0adc932d8ca661da62f76644f2ca550e98a08611d937e35fb125d', '', 'UPDATE', 'IN_PROGRESS', '\x01026b312ea9a6ef1745c01b96349330ff91f4928dce8e202a52b5a20c13e014d780f70534e4c4d4ae123ebda90090b7ccc9448c', 1, 11, NULL, 7, false, '["two"]', '\x01026b31d51347975bea52900ad6b8652582c985014c9f453b0d9b0c6c633296d46b74dfbb80d7612cf08f2493', '\x01026b316b92a5c4fb72e5e4c1e4bd3dbdc78c4f1f393e208151c26952888371', '\x01026b31382bdd6c023f91e18eec3383008b36cbf28ec901193623e4c217fdd15c2290cac568a307803dce', '\x01026b3183f7afd858bd554f04eb48cb7ee6537a9ca3445f0f554cdf6c48ef82a864', '\x01026b311f004747ae960d45b6d6a15446e8e53549c0b2b16104782cafec668eaa0704a73187694b05ce19', '\x01026b3193d38a156790e57df0fe8c610b87ba27a1ee48be00a2a2110f6e643603ca', 2, 2, 5, 'c546440e-f1f1-43c7-adfb-7c6f5426ede6', '90271cea-fb9a-4925-88b4-73bad415662a', '90271cea-fb9a-4925-88b4-73bad415662a', NULL, NULL, '', 0, 1);
INSERT INTO public.stacks VALUES ('eca6527f-00ff-41c6-8d8e-1ec47912440b', 'default', 'asked', '\x01026b31efa3f173d510818e97c3aead688fe8e5c15646094d4f0968ea06ddec', '', 'CREATE', 'COMPLETE', '\x01026b310f6f038de1ebd9606e0d33a85d8a10cc61547f82e7e74643bf2ec6b7b6a60c58b74095caaf278ff925a451dc0e38d6d431e42ddeab8c36a1a668a026371778', 1, NULL, NULL, NULL, true, '[]', '\x01026b313355550f64be17af4f457b9dc3597cf09eeb7b691b76fa8847e1a5439b7263f19c8b5587b6a2c68041a4', '\x01026b3188333792bd3f2dba8e87fa5227ac12c289e0832433f744584edff9a5', '\x01026b31fd82f55e061b053a71a9e5631e8e1b5863df2585ad6a91ff9dca1217ea99bf266eb621d32bdd1a', '\x01026b3153cb3815624845ff39a248dc61889330ffc26fb31e30e5be7107dea727fe', '\x01026b31ba312fb3957f175fe96bacc540964a1fdcfaac5824e6e9622778a6638e3de55ac99a140b199402', '\x01026b31205dcabc3bb43ecaba80983609f4689855d552c4c27ce799c723a62799ee', 0, 2, 4, '7376f22e-e484-46c1-949d-f1bcb91f65f4', '', '7376f22e-e484-46c1-949d-f1bcb91f65f4', NULL, NULL, '', 0, 1);
INSERT INTO public.stacks VALUES ('ddb06023-ae15-4b20-ba26-07e84c2149ea', 'default', 'taken', '\x01026b31bff1b4d9551bc1f8a713172a0e4b45688a8cd041acceaf5b9ac70f9d', '', 'UPDATE', 'IN_PROGRESS', '\x01026b31b3e7e50be6302b51d24e8e6a1e17490eb7235c7bd4b2ff166c3718c635080d6099dc71024732eb9c1ed4537bc55e37da', 1, 11, NULL, 7, false, '["two"]', '\x01026b31b7b698292787c43f49d6df9f2c6e17e7018785ea1876114400071fec17f10b2f8d0033acda400acdab', '\x01026b31c8055dba26edb04350861af21f3473eb5ff26e98e4cdb254ceda56ed', '\x01026b3110ef3906d998271173931e24a13cf0ce726f9093b96be4ec1a9219d6494ec3ff9fa4fdec74464e', '\x01026b315d04da025015d003990e6462f61092fa071bd2df61dcca257214c5f244df', '\x01026b31cfc8bb5d63548dc0400f072fae25529a28761e78b16e87ec245777ab571d07b96c7137d7acb49d', '\x01026b31391ce622974863420669f8f0bbbb7abf213a3780c53bf03d283bcb33d2f9', 2, 3, 5, '4d087157-2a81-4cad-9218-4b13aad1a173', 'd3705b68-2da8-40c3-82f7-3e7062de04d0', 'd3705b68-2da8-40c3-82f7-3e7062de04d0', NULL, NULL, '', 0, 2);
INSERT INTO public.targets VALUES ('7376f22e-e484-46c1-949d-f1bcb91f65f4', 'eca6527f-00ff-41c6-8d8e-1ec47912440b', 1, '\x01026b319d8f04d4a85d5fc969f7072c4dc09e15444edb61769e9e98d15529ff', '\x01026b3117ac629de203591e6bc7d428ccb09456f8c9741ab9598712179d6df72da0f3e59876b7b749221641a520', '\x01026b3142461be5ab950910ff1e53a46db0e0019be17833baf7bbd7fe3a185e', '\x01026b31beb61b232867afdb02109262d579568be4af6d383678ce0238bfb20d5336da1c4948109e08fedb', '\x01026b313401d2fab9a0715451ca9ff735efd076d330de0f7528532ff3ebbe897e29', '\x01026b3199008186c2c7fa319f1a3a15938b7d1ee05ea26fd67032b2f9a0a80f694dcca42c63d40c9ac8d6', '\x01026b31f379b5fbc7aa544635b7069ca395bbd82094671eacd3885846c11a3b3c7a', '\x01026b31b09479f26d28ae96411182bb8d3d55b057a2c84c50883a420f69e4193dfdc38d70c8a3957e4d1ee7530403278cf63dae6f0be38ac5bf1ed4b3c23999e60c6f1e279c7277f483e75f38bde8057c7b69013ebe7e10449aba858ec11eea384f09c6cdc8b6be1aca3f9a72da7509651bddb742084c85da151d050855946d38229285158a803d099daf805e93f1d0dcc623d1dddfbd504d6b08229bfad275c7be50120a3cba1af5d06f93711d534163de19e10c5f2f5fad7c2617fb668fcaaee8153bd4ddb4120ba7ff529f53c872d08946d53fffd82fc697f1193b3af11497c00b');
INSERT INTO public.targets VALUES ('e3571de3-a077-40f0-998b-97dcccf9d226', 'eca6527f-00ff-41c6-8d8e-1ec47912440b', 10, '\x01026b31eed6e3894c05b4e42dab944b574696d664598ee07df876ce59ff539d', '\x01026b31d000b3428fa7d705780468c58a404b1a6f643de014e81af53163fdb399da688ffa91770128744e79f0', '\x01026b31a5a0a1348383e3a77313c63966e489dfad972fc7d50eb28e3245fa34', '\x01026b31cde9faa22aa7270005146d2ecd367e14778265c11dacdba77184f0fa06833840ffa0e9cfc2d520', '\x01026b31f445345343626633f6bd3cf01bb852a6d4f4e69f813fc8479b7e82c50ebd', '\x01026b31e80623a45f4ccf2126c4c510eae4d6c0185dc0f5508f4f39e4d97b337b90ab68fecb6ead3df270', '\x01026b31ec6544766afc7ea858b8f3b03e95a36f17edebe99ab4fe80c6cadc5a7e4c', '\x01026b317842829879c67fc0460bfda207ce0aa222bb03b43bd412ffa01f3968307a4ac517ae6e4b577bf9614b5a048238c8a07fd1ecbade3b96b0d2553cf4d454fd518ef9e91e70a18fda9ee9896a2f52b677a4243f6be6928d189cbd6bd7e474dc13754bb1ea024ba0ff5e64620e986eac2efce4713e625dc44610b0ebd7e553f0799cca4542073a917392bdac907cc22e268be8c2e0bba2153f771742ea50cdfe5ae8e19f5d579b369179fddc21a2c76ab9acb108b715b772f1e8f91816bb26800fcde55fbe2c8e0e4b6535e0d780e1da4355631e22d8fcb2bb331932488b82efd7974130d5');
INSERT INTO public.targets VALUES ('d3705b68-2da8-40c3-82f7-3e7062de04d0', 'ddb06023-ae15-4b20-ba26-07e84c2149ea', 1, '\x01026b31b8c1145464f85ef295374a478a77d22285f4be6c24620ceaa47e41f7', '\x01026b3120f0e03c18e84881cf3831f4e4473680ecf6bb3bd5e40ed56eeb6ab354dc559c2fc38716a4ec17060c74', '\x01026b3131e7f1a2b0f05c339a4b7c262692a652b932e8409204235d485008ec', '\x01026b31a66e3c110284489ddfe5975c177e6829c2091b5e5427c08255a04aa3e1153eca62db93f589b897', '\x01026b31874d05dc0a406b9e7a59e63fc97da9231b4c6100f210891c9cec5372431c', '\x01026b31131485438213f559b3febc3403fc4e232bbb27facc8bf9a980f46b3faba1c523c3b4afb159649a', '\x01026b3161d56f87f19b4e2c17a16fbb07b020d115fc6df6bd2b89596934f9cae67e', '\x01026b31ac0aec09e2dec0cbbbb107ebac014782ccd02329b24a560b32554de36c1b78c767a40f6e2c2916ad10174c1f493c9edec701ed306eae9d483c6687bf6d9342b24c0ffa33b4a92df5a1fed7611e9ebaf64c169f67b34ae5c1eaf89e953e5645937922b59ff7e942aaa507e7340cfdc248895c0046aceaf1512f2a43705291bbe60679dea999b848a62b4d0f8e1b4dc222677309396963110ef7ba546bba50c868c5caf5ecdf83986cdc5b23ce96e32423e33e750a36f3f6da0ed253163578c329f4abec753c85b305d3d74dc27a9ed723f9b76ee405e3626772e25d50c83e9a');
INSERT INTO public.targets VALUES ('4d087157-2a81-4cad-9218-4b13aad1a173', 'ddb06023-ae15-4b20-ba26-07e84c2149ea', 10, '\x01026b311621939f33e7e045bb1586ecd5c77e45f7786633a6bb661496203d29', '\x01026b3102d99a98a890c5a7a555d529dd43b5cdc5824bd5614a7ae68108375ebb05a493f17bf1f0ac8861cc25', '\x01026b310f93bde43671848c97f2efa5c7f7199aad3659fc46d50b42b5dea054', '\x01026b314bb997524be4fd5dc1c166d2e72f1ee669ee6e28b3c17a360bf1cf30185e13462e4c676a2e2c58', '\x01026b31e442e1a1d0c0872a4998fd1c177ba9d59cc11bad082f467598b2dd8f2072', '\x01026b316041243c460c19ba38dd90570f231952a1e5865d00060568a7f94135a27f8bab9137925fb1f7eb', '\x01026b3168b1df15b023b458ccd50fc54655c5364c370ae02fcc34e08265e1aab986', '\x01026b3198c7b3e0ee3f130b6338f995a9cc9eead0deb8f4500a32a67dbfa3f3f286975c38f832dc96151e1fdeb7a13b103be4c671f349ff392605851ae7eba85de08c74c00519cd5e0f59e7d8fc2c4a2eca4d8a15d4f4244446803516c6b48832e582fef08094e311f0d2fe6a2c47064aa8e3196fbde6525cf6f95a4ad7293eaa7133cee6b7c895b6be37703bbc5c351e55d658f3b62eba4f99c06c5f7158d36bf0d3f3343228315aec5200750a555ea5b88cfcfd6b28c23532c481ce543545cea71dccdeaa080f494104da7e73af9ff0550b2eb2897eca2ac0c1561bf6a41ad7de1627e6f236');
INSERT INTO public.targets VALUES ('0e222d30-660e-46f4-8ca4-084fdd232b35', 'ddb06023-ae15-4b20-ba26-07e84c2149ea', 12, '\x01026b31e0b943f3777a34ded67c5caca08cca48f0c06ec82b7acb2a8d0e5da3', '\x01026b31b4d75c63702e807cea8444bdc8edc212d4622db15df57e1d1b450c7f3dd040aef607f7bb8e1210297b19fa', '\x01026b318e567938ee460de251cafb2e07a4ad31d5382bae504e72ae5d0bd58f', '\x01026b31cfe1a489d649da569ed30496ece22b1346788ff4fe8d9258b785ae3727d993f2ad6dbf7f76ffa674bf', '\x01026b31a872b1f2cbc8ca39ab83816f0b27c65c095620706a281d827a5517b41bcb', '\x01026b311252363f173112311b85cc658cf4a04f16673334b16dfe9d351edce0b7858639b592912ebde99e78ff', '\x01026b31818a939e72e0757b7d229bf426e720b0344d68cae3b70ab2d3453c56715f', '\x01026b31c4a06629effe5b626e3d80363efacff2558f46589d6c0890808dc7146e37bb89d68efbeb0061ca03405260fefb9fe3b75b8e55381158540c70326015dda5e96d81b724ac434262ef5ec8db0584d76ec5000ddaf20b30a61d1e8002e1aca63b95e974a9946a998bc0702cefb21e771ad1a1a452e91494cb444b3d8e477fcc425304bd7460f64d3ab3565a242b8b8a8db52c2559d2ca2f24b237a1b5d23c1f036dd8963c5e82c19e75276d64023be6782afb270fa8e8fba9ff81dfb160202437781e09a8af93c0bc63f776799471543fcd44113e8826b0d6f3555534427da87160699cf60908');
INSERT INTO public.targets VALUES ('90271cea-fb9a-4925-88b4-73bad415662a', 'b7a160ad-80d7-4327-932c-9041902db85b', 1, '\x01026b31eece1e033fd1ca7e99102e25743f61ed29e36008815ac2c85d7c7449', '\x01026b312432346dc1620477ce869c4cb01e6f705bb6330715dff7ce5b6ca5567193147abf7855ffb6c6a9cb857e', '\x01026b3134bc1d05cfcf7755d639de602af9a6fdf5d6af7728d7d775e9e3dd23', '\x01026b31e17af588b8b18687fbaa969adb8f7d950298a5d4dd6269bfcdb44af52f46af95deceeecd146b93', '\x01026b315c6ad056c052f26dbcfd58f6a284d11fe6c487138bf3281daaed318b306a', '\x01026b31182126e6baa7c6b466d619d7d7b43fea3c54e4e0667d17b4e0def21c00cee7e6981d78266a4fa0', '\x01026b316f8f28f5a788f2873e3153d202757bb321eaca6ac7ca4bcafdb0ba023133', '\x01026b3163b7b44808c189a31d4a499886ba4a837e6bd78f809a819b1a965cb435226daa2e6fda5e34108a0c63f56d8a1dbcab5f469fac7004c0a922761d8e353fe5fd2821d68dac5e6e8e3226f423150b6de64e2e844f3f5b1efde07ea58cffbbcfedb6242bc228bbd04a10384e37631f125233dccafced656115de028c04110bed05f2bd81e34fb4ac54db69bc2960a6a3ffa0069a77d7d12d38d8b4deed37529c34bd67a6db93779664cddfc08ce79d8d66b42de310b323654d1990bcd89c4033d81f5ea1a64e239614d01771e1b04a7772967d4fc0ba62001412e0cfc2ac013ff3');
INSERT INTO public.targets VALUES ('c546440e-f1f1-43c7-adfb-7c6f5426ede6', 'b7a160ad-80d7-4327-932c-9041902db85b', 10, '\x01026b31909bfa5a9f9197f0dfa03dee9cefa187ad29c506f2b9fbb46d0a8dcd', '\x01026b31a0a0577813bdc8cda73191c824dadec55b97364d460e5f144c4af7c5b5c6b4b40e6364f1e4bdcec14e', '\x01026b3120b2533502da01bd2bda391e50eb0654fd5ac8a9c0351a6692a5d955', '\x01026b31a327edbb819eeb398c93d23e960baa48fbc0db800ec3395c1cb2af05bdaba6cd8cb386c9f72039', '\x01026b315b6e629bcedc443c36e98e1dbb8a07c3933ca7a0fdc2a252b68a6f9a7319', '\x01026b315e191c64d1e7effb20982c8ff771d56c954229ecbd14212c30fd98fa7273d0fe943b4fe469a7ce', '\x01026b3175da1e19647992a7dfad58e757c7390a67c01b31bd5e0cf686a76b6241df', '\x01026b31a94920cb73a9b8fa3067e918beb0fb49a77aa6593947fe91f70337b32c9f5ffaece32c1707352cf6d6f6145e8373a510fb29e78fe10affbfdea06abb816d88bb432d3c5636fdf763dc94ec06c83e53ad7ffdc4a47ce27cf568aa1debe3e60ed905c4bc7ca5c69ba695d1352b52b06792e27d54c300f9e97ad2c45f548fa91677d47be36ad2e2dfcd0c8b9fb6afbaaee4944dd51e209d56abb6ce58a0a4f5d70ca0fbdca72edfe30d4f36e37f4351b52d7745b5bafdc18d8e7b7a0e8f7702afd7a8bdef379c623d2da45e5651b74531fad26391fbc283714941ffb698c862f461086eba');
SELECT pg_catalog.setval('public.resources_id_seq', 3, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT pk_events PRIMARY KEY (stack_id, seq);
ALTER TABLE ONLY public.operations
    ADD CONSTRAINT pk_operations PRIMARY KEY (id);
ALTER TABLE ONLY public.resources
    ADD CONSTRAINT pk_resources PRIMARY KEY (id);
ALTER TABLE ONLY public.signals
    ADD CONSTRAINT pk_signals PRIMARY KEY (id);
ALTER TABLE ONLY public.stacks
    ADD CONSTRAINT pk_stacks PRIMARY KEY (id);
ALTER TABLE ONLY public.targets
    ADD CONSTRAINT pk_targets PRIMARY KEY (id);
ALTER TABLE ONLY public.operations
    ADD CONSTRAINT uq_operations_stack_id_seq UNIQUE (stack_id, seq);
CREATE INDEX ix_operations_open ON public.operations USING btree (state) WHERE state IN ('PENDING', 'RUNNING');
CREATE INDEX ix_resources_stack_id_name ON public.resources USING btree (stack_id, name);
CREATE INDEX ix_signals_stack_id_resource_name_seq ON public.signals USING btree (stack_id, resource_name, seq);
CREATE INDEX ix_stacks_owner_id ON public.stacks USING btree (owner_id);
CREATE INDEX ix_stacks_project_created_at ON public.stacks USING btree (project, created_at);
CREATE INDEX ix_targets_stack_id ON public.targets USING btree (stack_id);
CREATE UNIQUE INDEX uq_operations_running ON public.operations USING btree (stack_id) WHERE state = 'RUNNING';
CREATE UNIQUE INDEX uq_stacks_living_name ON public.stacks USING btree (project, name) WHERE (deleted_at IS NULL);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT fk_events_stack_id FOREIGN KEY (stack_id) REFERENCES public.stacks(id);
ALTER TABLE ONLY public.operations
    ADD CONSTRAINT fk_operations_stack_id FOREIGN KEY (stack_id) REFERENCES public.stacks(id);
ALTER TABLE ONLY public.resources
    ADD CONSTRAINT fk_resources_stack_id FOREIGN KEY (stack_id) REFERENCES public.stacks(id);
ALTER TABLE ONLY public.signals
    ADD CONSTRAINT fk_signals_stack_id FOREIGN KEY (stack_id) REFERENCES public.stacks(id);
ALTER TABLE ONLY public.targets
    ADD CONSTRAINT fk_targets_stack_id FOREIGN KEY (stack_id) REFERENCES public.stacks(id);
