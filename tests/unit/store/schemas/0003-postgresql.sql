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
INSERT INTO public.events VALUES ('fb9e16bb-d623-450c-aa63-e33807caad2e', 1, 'f67bda4e-5ab9-428f-81a9-d790525d0ef0', 1, NULL, 'made', 'OS::Heat::Stack', 'fb9e16bb-d623-450c-aa63-e33807caad2e', 'CREATE', 'IN_PROGRESS', '\x01026b314d5f1b197554b29c046cc2cdbc2b539483d1eebc9743316728f45cd3a6fd176e6979788d1d5132aa1e5841d799d6d252', NULL);
INSERT INTO public.events VALUES ('fb9e16bb-d623-450c-aa63-e33807caad2e', 2, 'd5a89d84-1e6f-4765-932b-6302755166c4', 2, 1, 'below', 'Example::Thing', NULL, 'CREATE', 'IN_PROGRESS', '\x01026b312232798dabfb12da4189cd7044ffd9cbfb7b991973ddc0980abfd4f1446e3777f4011970807a2e4b2f', NULL);
INSERT INTO public.events VALUES ('fb9e16bb-d623-450c-aa63-e33807caad2e', 3, '2c23afcb-d417-4c1e-b186-f6b67ad22b1c', 2, 1, 'below', 'Example::Thing', 'id-below', 'CREATE', 'COMPLETE', '\x01026b31853a292a7c83b82fdb36ec1bc3c2b56d0988beb5edc156ee5cc0de257f3cfbe0576f467e1e0af9552d', NULL);
INSERT INTO public.events VALUES ('fb9e16bb-d623-450c-aa63-e33807caad2e', 4, 'c646bed1-2f14-46b4-96b2-949646f2569d', 2, 2, 'above', 'Example::Thing', NULL, 'CREATE', 'IN_PROGRESS', '\x01026b3104ba58ab2a64345069059f7ef1aed5dccc7f8951a7bce838316bc98b56a5a6f9d9c6d46855c03813c0', NULL);
INSERT INTO public.events VALUES ('fb9e16bb-d623-450c-aa63-e33807caad2e', 5, 'a95e5d42-114e-4c92-a2cf-61d31e68ba5b', 2, 2, 'above', 'Example::Thing', 'id-above', 'CREATE', 'COMPLETE', '\x01026b313ce34497e4b3bf68bfc8ea2b941ff322bea2f90f6265d5a202a284f6fccf2309b42fc57591830d222b', NULL);
INSERT INTO public.events VALUES ('fb9e16bb-d623-450c-aa63-e33807caad2e', 6, '69423631-ca8f-4aeb-91b6-317208812057', 3, NULL, 'made', 'OS::Heat::Stack', 'fb9e16bb-d623-450c-aa63-e33807caad2e', 'CREATE', 'COMPLETE', '\x01026b31984be6c969bed3e35ee337193a854536d5e261245ab1115ef8642e5a497c8d7c8f1e59736e4a539ea818556604a6fb32ac38d1a44a91f1a67c454e338df382', NULL);
INSERT INTO public.events VALUES ('e9513065-6f5f-4e55-b8cb-6b735eddd032', 1, '286b8037-4d45-4b4f-bf73-0e76fbb5f04b', 1, NULL, 'gone', 'OS::Heat::Stack', 'e9513065-6f5f-4e55-b8cb-6b735eddd032', 'CREATE', 'IN_PROGRESS', '\x01026b318b74bfa1de8fbb7b2b8084230d3c5c6a6a5c9b75bd1f294ae3a7fc53d6c99a13d60b9df7c4acf9c2879e19851e070342', NULL);
INSERT INTO public.events VALUES ('e9513065-6f5f-4e55-b8cb-6b735eddd032', 2, '4229bd85-91e3-4e28-85f3-c21d99bab855', 2, 3, 'a', 'Example::Thing', NULL, 'CREATE', 'IN_PROGRESS', '\x01026b31a1813d479185dd98b19a9d3d4b15ed7d9b928e25989aa73c8646a611ac03de0003dbe81aeea85a9430', NULL);
INSERT INTO public.events VALUES ('e9513065-6f5f-4e55-b8cb-6b735eddd032', 3, 'bb936ab5-fb85-404e-baca-2b5317b318d3', 2, 3, 'a', 'Example::Thing', 'id-a', 'CREATE', 'COMPLETE', '\x01026b3195af9bbcd3fea74de153c246c1f522836b55ec0d0e69e98fb64831e6a41e8d260d5404d1ab7accb49b', NULL);
INSERT INTO public.events VALUES ('e9513065-6f5f-4e55-b8cb-6b735eddd032', 4, 'bb4716ca-0a92-401a-a3d4-bfb5798108ef', 3, NULL, 'gone', 'OS::Heat::Stack', 'e9513065-6f5f-4e55-b8cb-6b735eddd032', 'CREATE', 'COMPLETE', '\x01026b31e482be424e827550c15c1bbcdd95ee39862fb9b8744357abc10617b0c076b6dfbc6e5e86806fb2b3b6361b113f23e4f613621f76e00b78b140465154cb88e3', NULL);
INSERT INTO public.events VALUES ('e9513065-6f5f-4e55-b8cb-6b735eddd032', 5, 'be55fe1c-e898-4e75-bd22-d6f0ba1be6aa', 10, NULL, 'gone', 'OS::Heat::Stack', 'e9513065-6f5f-4e55-b8cb-6b735eddd032', 'DELETE', 'IN_PROGRESS', '\x01026b314e9707a792b97eb62c734d32c4b23e4f12f8aec4a5b68eb4ba8b44020db6ff907b1958fb8527a306b8355fe239ad4a21', NULL);
INSERT INTO public.events VALUES ('e9513065-6f5f-4e55-b8cb-6b735eddd032', 6, 'cc704672-d354-417f-a89e-7ece92accd49', 11, 3, 'a', 'Example::Thing', 'id-a', 'DELETE', 'IN_PROGRESS', '\x01026b310f1011c6b8eba886d3ee1f022be26a8a2ab69e804e3874d697a31d85d079a27368f40a9b65ee171383', NULL);
INSERT INTO public.events VALUES ('e9513065-6f5f-4e55-b8cb-6b735eddd032', 7, '231fa40a-33b4-4250-927e-644e339e45eb', 11, 3, 'a', 'Example::Thing', 'id-a', 'DELETE', 'COMPLETE', '\x01026b31cd3415f9b921a1bb00973a5e10d23f58a272eda7c5783e48afda8e1479aaf422fd7e2a2b86ef7fed61', NULL);
INSERT INTO public.events VALUES ('e9513065-6f5f-4e55-b8cb-6b735eddd032', 8, 'e266ab96-9bf7-4ff2-8f25-40da3878bac3', 12, NULL, 'gone', 'OS::Heat::Stack', 'e9513065-6f5f-4e55-b8cb-6b735eddd032', 'DELETE', 'COMPLETE', '\x01026b313d67c4f40da1a4ce5aba4f5509e4e3ee314d82fe9ff5b85af5afa5b033f3cdbb54d55fd614d252ba9fbfc8903c78d5233db8d768f5cf516f50cb0b862060ae', NULL);
INSERT INTO public.events VALUES ('bd57e241-59eb-4063-b558-67875a95f526', 1, 'ee56b17e-9e31-4a2f-98ad-638e28d1acb1', 1, NULL, 'running', 'OS::Heat::Stack', 'bd57e241-59eb-4063-b558-67875a95f526', 'CREATE', 'IN_PROGRESS', '\x01026b3153e9f169136588a50222d548f44c41e4455d7f1747810b92966b159d58708dacd1dcf4773d41a43c71baf19bac24bc3e', NULL);
INSERT INTO public.events VALUES ('bd57e241-59eb-4063-b558-67875a95f526', 2, '6f6ecff0-9850-4117-89bd-9468b111cf85', 2, 4, 'a', 'Example::Thing', NULL, 'CREATE', 'IN_PROGRESS', '\x01026b31ea7def422481e132e0d042fea8d26183ce8711d24f51cbc02bd57f8ed08117f3f17121e809ad10786d', NULL);
INSERT INTO public.events VALUES ('bd57e241-59eb-4063-b558-67875a95f526', 3, '69ada335-a4d4-4e7a-b876-8cc53280ed25', 2, 4, 'a', 'Example::Thing', 'id-a', 'CREATE', 'COMPLETE', '\x01026b31bca2e2e0bcbc108fb3eed5b806d489bd83268c127e705a24490ed7f61252fec11fe5721ccfe6ce57a5', NULL);
INSERT INTO public.operations VALUES ('a50fa9df-d269-4719-937d-ae3e5710d045', 'fb9e16bb-d623-450c-aa63-e33807caad2e', 1, 'CREATE', 'DONE', '{}', '{}', 60, 1, 1.5, 3, 61.5, 'stack/default/web', 'chain-1', '', '\x01026b31284ac283a59129f899dd3603a9ddb0553751cc950bcfdc23e337f984da50f2d600c436cd102300fb73d9549eef6975c8aae7a8d704e4d46d1db0b83cb2ef19', 'Stack CREATE completed successfully', NULL, 'a50fa9df-d269-4719-937d-ae3e5710d045', '', '', '');
INSERT INTO public.operations VALUES ('ca516823-b04d-4af6-a0ce-4cfbafba83fd', 'e9513065-6f5f-4e55-b8cb-6b735eddd032', 1, 'CREATE', 'DONE', '{}', '{}', 60, 1, 1.5, 3, 61.5, 'stack/default/web', 'chain-1', '', '\x01026b31bff6761fd073def6d1684adc703dca6b0087cae366fab593e5efcbb4edc88a4ad2bf6d7ebac0769d182b0f4a09d605d8ecaa40dcb167bcb47a9b2088994fd2', 'Stack CREATE completed successfully', NULL, 'ca516823-b04d-4af6-a0ce-4cfbafba83fd', '', '', '');
INSERT INTO public.operations VALUES ('ba952aa0-0796-407c-83a1-b4f8a4b6712f', 'e9513065-6f5f-4e55-b8cb-6b735eddd032', 2, 'DELETE', 'DONE', '{}', '{}', 60, 10, 10, 12, 70, 'stack/default/web', 'chain-1', '', '\x01026b3148f4d330785bc7a10b45d3ae10b918eb6b77f79b3c49e304e774a75d787b3349cad8022db23faae17222922aef163b69af3bba07a66c51ac7a5a096c5bb71e', 'Stack DELETE completed successfully', NULL, '', '', '', '');
INSERT INTO public.operations VALUES ('f01c23b4-ce24-4f6d-9482-6ea98f79cfc1', 'bd57e241-59eb-4063-b558-67875a95f526', 1, 'CREATE', 'RUNNING', '{}', '{}', 60, 1, 1.5, NULL, 61.5, 'stack/default/web', 'chain-1', '', '\x01026b31ed6287a1ceb2e50db9a684a232a2d931e28b5c72c41ae066ce541843', '', NULL, 'f01c23b4-ce24-4f6d-9482-6ea98f79cfc1', '', '', '');
INSERT INTO public.resources VALUES (1, 'fb9e16bb-d623-450c-aa63-e33807caad2e', '1faac171-6f72-4cdc-9ebb-9794176cb3e5', 'below', 'Example::Thing', 'Example::Thing', false, '', '\x01026b3182a3330751a64c3ee6c56ae01154dbe64e49669e3b72423c420d7fe4eac8b15108f999b74205c8368a6c5a9b2517d37581982aefda2b522a391c2f411988041430625faa', '[]', 'CREATE', 'COMPLETE', '\x01026b31a73383e81cea9553c68fe113c74f84c3718fe9718fd13db78662ee628dda750de883354ab5c93142a4', 'id-below', NULL, NULL, NULL, NULL, NULL, 1, 2, 1, 1, 1, 1, 0, 'a50fa9df-d269-4719-937d-ae3e5710d045.1', false, false, 0, '{"kind":"done","at":0.0,"key":"","error_class":"","changed":false,"replaced":false}', 'a50fa9df-d269-4719-937d-ae3e5710d045.1', false, '', 0, NULL, NULL, 0, 'a50fa9df-d269-4719-937d-ae3e5710d045', '', 0, '', NULL, NULL, 1, NULL);
INSERT INTO public.resources VALUES (2, 'fb9e16bb-d623-450c-aa63-e33807caad2e', 'd2f9a8ed-f2c5-4aee-9b94-4b009f6fda0a', 'above', 'Example::Thing', 'Example::Thing', false, '', '\x01026b310c413cadb09a56f6039de6ee48222dd0bb7341281e7a3444d884667e6de4ea41c1d7a3a4089445f0ddd0a60b0f4955fc1eca8413c7cbd3ece809f0931d40929b912c483a', '[1]', 'CREATE', 'COMPLETE', '\x01026b3118e35f6b1e5f70a0f78f900806bafdd9ecedee526ca6b3ecad35ff875a06d8c91bc509c46082f09934', 'id-above', NULL, NULL, NULL, NULL, NULL, 1, 2, 1, 1, 1, 1, 0, 'a50fa9df-d269-4719-937d-ae3e5710d045.2', false, false, 0, '{"kind":"done","at":0.0,"key":"","error_class":"","changed":false,"replaced":false}', 'a50fa9df-d269-4719-937d-ae3e5710d045.2', false, '', 0, NULL, NULL, 0, 'a50fa9df-d269-4719-937d-ae3e5710d045', '', 0, '', NULL, NULL, 1, NULL);
INSERT INTO public.resources VALUES (5, 'bd57e241-59eb-4063-b558-67875a95f526', 'b8c2c575-d0f7-4b70-a10e-9651e3dc3977', 'b', 'Example::Thing', 'Example::Thing', false, '', '\x01026b31fd215852732b82db46122681ebfc2f02b01655b865ca82fa27654264ee2da6b45b399835c5590fed83f43e382743d706935d67d8cf3582a700e589bc49ae587a', '[4]', 'INIT', 'COMPLETE', '\x01026b31ebd66a296283b45ea41e901b450efd46c6bfe292f6565d23b781ce1f', NULL, NULL, NULL, NULL, NULL, NULL, 1, 1, 0, 0, 0, 0, 0, '', false, false, 0, NULL, '', false, '', 0, NULL, NULL, 0, 'f01c23b4-ce24-4f6d-9482-6ea98f79cfc1', '', 0, '', NULL, NULL, 1, NULL);
INSERT INTO public.resources VALUES (4, 'bd57e241-59eb-4063-b558-67875a95f526', '00fef5cb-97d3-4d9c-825b-449c614bee82', 'a', 'Example::Thing', 'Example::Thing', false, '', '\x01026b31006d41caf45653bd43c0c33431ed409d18b40a7c3811410dd6507a7692c809afcb8ff4d82d38e972f48774d201b12e24cb12f8c9d80a46bbb04fd0a89a04f305', '[]', 'CREATE', 'COMPLETE', '\x01026b31cbe4a81090b2e062ddb4522ff083a7d712f2232fddd0a8e047429f05e01b1b981f2da4c2885a106bef', 'id-a', '\x01026b313857383a6000c00b6c7cdb16a24d764ea3ae5a8485d55e1fcb2a120d176b8d8f79', '\x01026b310ddbeaa1ec6bbeade328a2f447aaedde1359b20fc9cefc82b169ef8844679afc3dfcf2de9093', NULL, NULL, NULL, 1, 2, 1, 1, 1, 1, 0, 'f01c23b4-ce24-4f6d-9482-6ea98f79cfc1.4', false, false, 0, '{"kind":"done","at":0.0,"key":"","error_class":"","changed":false,"replaced":false}', 'f01c23b4-ce24-4f6d-9482-6ea98f79cfc1.4', false, '', 0, NULL, NULL, 0, 'f01c23b4-ce24-4f6d-9482-6ea98f79cfc1', '', 0, '', NULL, NULL, 1, NULL);
INSERT INTO public.stacks VALUES ('e9513065-6f5f-4e55-b8cb-6b735eddd032', 'default', 'gone', '\x01026b316eae5bde3cc28993f408447160348d1d4e92a1df98fee3b739c6b5de', '', 'DELETE', 'COMPLETE', '\x01026b31baae911f64d8aa4c7a60d96c4d22cab9d444be4b03de7d5a4e68bb7a2209fe47710e21324f6998068061902e917e29a846d669db2ff48c4ac990ac34e47021', 1, 10, 12, NULL, true, '[]', '\x01026b31803735cf1dd6cb3d6a60942ab750e91d4988637907fb0658235b4228a2bcddf92ee87bfb3a4cbb061e53', '\x01026b313889ca5f748d7aa9ee2dba086dd4de25ad71f4ba979a06531872b17c', '\x01026b31456a3383e1b0ecb917bdcf115306b9069198dd56822220b1351c7e825205', '\x01026b31e012eb97ce425794ad6dbcc94f3acaaab1c51abcb5e074aea6ec60043002', '\x01026b31a9fb6aeeffa84ecbf12410d378af675ec9948f5de1999e481b9a0665ca2c', '\x01026b31b4d167cee3398c3e5099b71f874bc12dbc9d4125433807c3bd092b2ec19c', 0, 2, 8, 'ca516823-b04d-4af6-a0ce-4cfbafba83fd', '', 'ca516823-b04d-4af6-a0ce-4cfbafba83fd', NULL, NULL, '', 0, 1);
INSERT INTO public.stacks VALUES ('bd57e241-59eb-4063-b558-67875a95f526', 'default', 'running', '\x01026b317c02029afb35d282caad2ee36e918257e04d58490672f2bdcc19f236', '', 'CREATE', 'IN_PROGRESS', '\x01026b31ffdcb3aa4013495f68c21c1ad4c4350908061f371ffa8cc063b28ffd9f59d5b349fafc2678f0b6b3304b14357719b0dd', 1, NULL, NULL, NULL, true, '[]', '\x01026b31316e6193617fca0b3523d0f8389ea7d8c1cba297ea21392185d1a43c9394c4289eac8166824671364529', '\x01026b31d21e39336123b68cc6e9d61b8f8a1747b77dc8494e64b2f2b975f5c2', '\x01026b316a45586375fa2198383a53e6283375875ca836db155b4f3a72ae4010b1b7', '\x01026b315436591cdc083346ca74e1958ce9ef02ab6610a398574e404caf894d4833', '\x01026b318b7037fa521fa55da9f16b3b374def10bdf3cdefa1103ac8e1cf6ada25fa', '\x01026b318fa80613f0e8a3c6f27fd9f93be1d2ca84ce1f6b95bde67b04763ba0af6e', 1, 1, 3, 'f01c23b4-ce24-4f6d-9482-6ea98f79cfc1', '', '', NULL, NULL, '', 0, 0);
INSERT INTO public.stacks VALUES ('fb9e16bb-d623-450c-aa63-e33807caad2e', 'default', 'made', '\x01026b31bf9931d12b0c0bbf628fd2eff4e5985ef0e18e1a9ace6eb51f6ef4c2', '', 'CREATE', 'COMPLETE', '\x01026b31428cba70b863d0f22fe9ccf1f83bfa3d34a742095c3a56b9127e4c52da8523fc75896e2f85b75de04f2401bfae1fc99d0e7c260efd6ae12c89cdd1c6064c02', 1, NULL, NULL, NULL, true, '[]', '\x01026b31921f080df3db870490d8b2548e26f627dea3239d90b0ca415e6f542852b0ef59775eb4b292de88b4c3d9', '\x01026b31c82a9a90bd900efc2439f58fb922e9eedbf85dfffd2905edb4639d27', '\x01026b3160428466b24bb7954f5601c7ab72ad42dc55c6431fc5d141a0b4e85e100c', '\x01026b31930eb615233ddf620bd5e7a5830efbcaa4ecd51bd235918c6ecd928c98de', '\x01026b31b99a5adc9e03731fab77b07750f805a909887f8de2ac5ac67bd8e156a265', '\x01026b3136619dd9e5efc4c7bf5945be9a6304a71e81975979ab0aac325005112f00', 0, 1, 6, 'a50fa9df-d269-4719-937d-ae3e5710d045', '', 'a50fa9df-d269-4719-937d-ae3e5710d045', NULL, NULL, '', 0, 0);
INSERT INTO public.targets VALUES ('a50fa9df-d269-4719-937d-ae3e5710d045', 'fb9e16bb-d623-450c-aa63-e33807caad2e', 1, '\x01026b31e0cc5d5dd007905f90f979fd633f935d2c9ce866bd87b4a5be886caf', '\x01026b3135597c286d8c7ce7bdfc72da5ce00638e51b5a76ce8e0e40817beb2487f0281b7d164b3564333bf1c79a', '\x01026b313e67de141f6f78256108c4e0f01c776f1702544456d7e6868ac2fc8e', '\x01026b317f04efd99129fb6a97da4a8c380087be8bfaaa115626cf30698760b9e9d2', '\x01026b3154f6fd4958cd507b17e473533ad7ee237e2110ef34d106ae7ca4cdfe8370', '\x01026b3185a44fe6b29f9b933a9f758ecc2f08be7d08d06d273b1281bb842cc6dee5', '\x01026b31d6e42c4fc3fcd2a9bdb47a04aa77f23637a05ac46577d3aaf88b26bd7ed7', '\x01026b31bc8d25afecbd36e46c1af95f8d6561f255c03f0eb218dabf0e8832b86dd5bedc746005f4ca59aa1dc9f54aa4eb6bca92e570b68c1d8c95f8d6eac24f89d60ea7e25eda9a9b6933642701b00208181de461967ba994a6e159bdf26ca64b8456ad8156a79a60933e2a64b3ed48011f38b1a7607b3cc1351f6947bcdef51425e7e2890b48ca56fdc353c9633f45ded3d3fd881d33c242978d4714f2b9c28cb74d4a8c437261fbb55d6875c471e977d3df0b66b84e09fba4399f6e107341d6a71534d8f5ee55b85efaabf4be134b8fc873a555d58f7f3b58878fe1f3534b887e17d82c953f0b27c3f3bda356eda68106f4844807bceaae67582e3cf1b2a6cf595f3af1705b2bda5921fe0fcb4066e6ff16a1bce95ec3f991fb4a014305111a65b181b06b941e0cdc86d2a037c28df8996b5dc2a9802e85262605584e0217592b9929c7ff6caf8ab1282a54bbe64661502ba84a6765f6407903425eeec567c7061b57312e413100858c5ba543eba59df99a47ef624437e06dcfd0634cca10383d55ed26d91d3c8811134c737911aa0eeac0e77e560e984d2586d9f0fb33de38adc5573297e7471a39d10be4f3281616b5ca9e11042e1ceae4c01a');
INSERT INTO public.targets VALUES ('f01c23b4-ce24-4f6d-9482-6ea98f79cfc1', 'bd57e241-59eb-4063-b558-67875a95f526', 1, '\x01026b311bfd5dca6d53d74a0795062ff6fb2ca3a0ef8b11d4ff771fc1e4c2db', '\x01026b31ec22691fae1876636f5df8cec443c323774e2bfa949ec396151a95b6537c8d4ba23e0f592ec9dc542dab', '\x01026b31ca0ad698b5538e865f365af371003ae3543c04ee96fabbcc6f208afd', '\x01026b31cb0ae20452d5005e29896df0430ea021762126e1ae15b96e238ab54c6bd2', '\x01026b319f5be74a26455fbde91a9d9cff8785299f6862c1294a9dc48128cff7af79', '\x01026b3164545820a682ee6d39e7d4c6c9a650d53e3fc8b4dfec7440ff9df536452f', '\x01026b313e787cb3b1648d45c53ba6a2d2dd8c78e038ad9c3a2741cea2ce54f25827', '\x01026b31f653c39ed9c080d8d5eeb685c5d75c0ee75066181113ce1a7f74fbe29b1bc8e6392c08fa69c4319d78717d3b80f730d90e3dec85d1925e25be712e14f7e12c0fd08f8079d5cfabc19cc3e74f01bcae6614db92d6dd2de5ca748eb19c0fac89596e757546072b6d1623c005ee7ce9076319e4e14d33d4ae4d38901d7a7021d15beaa1d8ed5cadf26570cf1f42c0dcca473eb0ca8f24deeaf2ed71360e84746ad7bce3b873ba923b1e72ae529d4cba237ed6347b93888c84e78c98ba6861661efd8987c25f653b8fb441b2f1691568879239a137fdf172dfdc890fe2869f70c0cc59bee23778d6291acde61a2f26d3fedf5ccb346538b88ce786105a6d5305ea2c5322ccbcf68ce6ed8edd8f7416ffb6b9cb069b37d1060b52dbcfc9c1687fd8b7df88d1249a4aa7be0d4271186a852983fc6e5f1b350befef6eac1407a16dff022c895aa0ba430cc2a43b995bf32dd99b7e670a2e3fbbae955e42edaa4390cb0ef7379d092d19f6bc556a8eea8ecd687c6275918911fc62aec28d57a9ade6f65319bd24c95007ac9ad62752e0a87b7833846ba43cc78812a45d2554af37d8dfc2b1e7ddab');
SELECT pg_catalog.setval('public.resources_id_seq', 5, true);
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
