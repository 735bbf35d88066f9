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
INSERT INTO public.events VALUES ('b03c7a4b-ee6d-48d9-8b96-fe2ab8904e9a', 1, '0335327a-9bd6-4e3e-9685-2f12ec121d3c', 1, NULL, 'made', 'OS::Heat::Stack', 'b03c7a4b-ee6d-48d9-8b96-fe2ab8904e9a', 'CREATE', 'IN_PROGRESS', '\x01026b317ae4844e9fa9c592f60583658e21fb42cda9424eda1998d91b4b4063ad1710c6c998ef50e68f2b277d5726f44874b6c6', NULL);
INSERT INTO public.events VALUES ('b03c7a4b-ee6d-48d9-8b96-fe2ab8904e9a', 2, '51c1fc01-0a83-467f-9973-f9eedcb9d18a', 2, 1, 'below', 'Example::Thing', NULL, 'CREATE', 'IN_PROGRESS', '\x01026b318204cb899c0941f6215173b01a06bf67dac577163325e38032af3dc590dc1c213471f90d5a60ae4d2c', NULL);
INSERT INTO public.events VALUES ('b03c7a4b-ee6d-48d9-8b96-fe2ab8904e9a', 3, '80967634-dca8-4899-bb52-146876f8ddae', 2, 1, 'below', 'Example::Thing', 'id-below', 'CREATE', 'COMPLETE', '\x01026b3139fb9a614f140d1558c0237eaab80ba29cd3847c0f06ecdf5631a091d95d422203de2c7c0441194cc1', NULL);
INSERT INTO public.events VALUES ('b03c7a4b-ee6d-48d9-8b96-fe2ab8904e9a', 4, '4ee23d8f-1661-446c-b0c7-01a38805dbbc', 2, 2, 'above', 'Example::Thing', NULL, 'CREATE', 'IN_PROGRESS', '\x01026b31ddfaada9db9ea45a3c880afe00da4db30b01deb4d0cf45d2ecf28b0bb80470393b46da1e6e08ecb76a', NULL);
INSERT INTO public.events VALUES ('b03c7a4b-ee6d-48d9-8b96-fe2ab8904e9a', 5, '131f7e66-5da2-4c54-9098-519e03b6eeb2', 2, 2, 'above', 'Example::Thing', 'id-above', 'CREATE', 'COMPLETE', '\x01026b315110bd26e8e823b7c7fd7445ad34b9f494bd83463a8c0a093be491527db48464a666b3c8916bd629e7', NULL);
INSERT INTO public.events VALUES ('b03c7a4b-ee6d-48d9-8b96-fe2ab8904e9a', 6, '6b928bfa-4073-43a6-856b-113defbd9c20', 3, NULL, 'made', 'OS::Heat::Stack', 'b03c7a4b-ee6d-48d9-8b96-fe2ab8904e9a', 'CREATE', 'COMPLETE', '\x01026b3117330523f7a5c4d0341f19c1223ba375afcb156d90c477acbf8629b3950d12652ecc1e3ff28181a2ee25065632fb85a23cb518fef659bdefbba789ab1a6be9', NULL);
INSERT INTO public.events VALUES ('7d2e1caf-53bd-4b46-b57f-8a9962da3e54', 1, '6c414d19-dc6a-4a8a-adbb-37397a938e62', 1, NULL, 'gone', 'OS::Heat::Stack', '7d2e1caf-53bd-4b46-b57f-8a9962da3e54', 'CREATE', 'IN_PROGRESS', '\x01026b310b7c4521b4c939b8a5aabec90f8f4580ea11a7d2cc0286461a651788e4c548cb21930309b94c3b63f325af6a83a0dd37', NULL);
INSERT INTO public.events VALUES ('7d2e1caf-53bd-4b46-b57f-8a9962da3e54', 2, '84c945bc-3f21-4ef8-889a-ac8170ff9865', 2, 3, 'a', 'Example::Thing', NULL, 'CREATE', 'IN_PROGRESS', '\x01026b31c20f1e6efb3957e8f46077f7ff5ab24daf9a083d23df25c8195e74bd8b510d7040a787ab6cf359b73b', NULL);
INSERT INTO public.events VALUES ('7d2e1caf-53bd-4b46-b57f-8a9962da3e54', 3, 'd3d4bfa1-381d-415d-89d6-d623e46cfc53', 2, 3, 'a', 'Example::Thing', 'id-a', 'CREATE', 'COMPLETE', '\x01026b31e0870120dd510a74c0ce1d5df0b7b1ed91f658b3765a2fc80fc9b8b12eb3a56eb050600e269890b28b', NULL);
INSERT INTO public.events VALUES ('7d2e1caf-53bd-4b46-b57f-8a9962da3e54', 4, '4d47f091-1273-4296-9d60-6e94cd1d4475', 3, NULL, 'gone', 'OS::Heat::Stack', '7d2e1caf-53bd-4b46-b57f-8a9962da3e54', 'CREATE', 'COMPLETE', '\x01026b31e061fa906519ee0fb81cc7b7c4c058abb6b294d6cc7577269cb8a8aadea7ed2f1f4d4ff3a3a2d702930068a99550b44c13b90b5d8ef7c370287d59dc44e727', NULL);
INSERT INTO public.events VALUES ('7d2e1caf-53bd-4b46-b57f-8a9962da3e54', 5, '2975f7cd-177a-42c6-9c4b-deb7e79e66ce', 10, NULL, 'gone', 'OS::Heat::Stack', '7d2e1caf-53bd-4b46-b57f-8a9962da3e54', 'DELETE', 'IN_PROGRESS', '\x01026b3139a025003404e9566b3dbd1f4da3bb284e865dffa513fe0203742a73762b11cc117a2c8c3f5d4de7e90aeb4258e39325', NULL);
INSERT INTO public.events VALUES ('7d2e1caf-53bd-4b46-b57f-8a9962da3e54', 6, 'e9c1dc0b-2251-41a3-b029-94c0d0df5413', 11, 3, 'a', 'Example::Thing', 'id-a', 'DELETE', 'IN_PROGRESS', '\x01026b318dcc47af3be6d0ffa5d90b7febdb252eeb571b2ba28dc1afd9b446f02e74b07cec2367afe2fa95dfc0', NULL);
INSERT INTO public.events VALUES ('7d2e1caf-53bd-4b46-b57f-8a9962da3e54', 7, '2d7f8fc2-b0d7-4c7e-b143-1ac2926eb43d', 11, 3, 'a', 'Example::Thing', 'id-a', 'DELETE', 'COMPLETE', '\x01026b31b8e30d13833457ded74616696a7a1f3cd8bf5e708695599470678f9c70414197518ba5eb19efe5e5c4', NULL);
INSERT INTO public.events VALUES ('7d2e1caf-53bd-4b46-b57f-8a9962da3e54', 8, '8f3dab9f-c795-4c09-8fa0-af7a6c2126c6', 12, NULL, 'gone', 'OS::Heat::Stack', '7d2e1caf-53bd-4b46-b57f-8a9962da3e54', 'DELETE', 'COMPLETE', '\x01026b3196d23ae4263e08b73509d53d83595f8cffe51b23e0b6cf974f56aecb4623ca9d8e7c9fcb77e1c473a2e239cfd6580dec74602cb431bc29648e331081ff2a0f', NULL);
INSERT INTO public.events VALUES ('c5ef9c6d-38b6-4ad4-b24e-3edfaa6f0eb0', 1, 'e9d34d62-4e93-4336-b32b-03cb57abe6b1', 1, NULL, 'running', 'OS::Heat::Stack', 'c5ef9c6d-38b6-4ad4-b24e-3edfaa6f0eb0', 'CREATE', 'IN_PROGRESS', '\x01026b31df3f82fbc635ddc617a273564aeacb9209fc4d7d369bc838239f36c15b886de5a574438713958efb6c9294aeba9bab42', NULL);
INSERT INTO public.events VALUES ('c5ef9c6d-38b6-4ad4-b24e-3edfaa6f0eb0', 2, 'e1f61ac4-4f3f-4f4e-92e6-eacf8dcea23b', 2, 4, 'a', 'Example::Thing', NULL, 'CREATE', 'IN_PROGRESS', '\x01026b31717b2ca187aceabd067f2a020409e33af9f2754ee6d679a326fea03e3ffc222dd2c0750c0af13b6d47', NULL);
INSERT INTO public.events VALUES ('c5ef9c6d-38b6-4ad4-b24e-3edfaa6f0eb0', 3, '16460404-4d3c-4cbf-a2c5-0960ff7bd67f', 2, 4, 'a', 'Example::Thing', 'id-a', 'CREATE', 'COMPLETE', '\x01026b3165e82fea33f8cf7932989bdd0aa9f1f6cb4d8ce49890859a7a40091313b82366b189f555e30d69569c', NULL);
INSERT INTO public.operations VALUES ('07df9fdb-032d-40f3-af67-4857bfb29cd3', 'b03c7a4b-ee6d-48d9-8b96-fe2ab8904e9a', 1, 'CREATE', 'DONE', '{}', '{}', 60, 1, 1.5, 3, 61.5, 'stack/default/web', 'chain-1', '', '\x01026b313f29a48451fdfaaf63a3bb8b981a87995e2cae3e1d55d34bb451afd92254f2218befd0920a3e5b7980a4131725416cd5a3323c37019ed8e2d4dc0620bf0cab', 'Stack CREATE completed successfully', NULL, '07df9fdb-032d-40f3-af67-4857bfb29cd3', '', '', '');
INSERT INTO public.operations VALUES ('622668a0-4837-4a77-9425-2ae470fd499c', '7d2e1caf-53bd-4b46-b57f-8a9962da3e54', 1, 'CREATE', 'DONE', '{}', '{}', 60, 1, 1.5, 3, 61.5, 'stack/default/web', 'chain-1', '', '\x01026b31add2bc98de7dbb7872349fc774825fc81820eb3d168e22eb9f1a1dd11821508e2b96a3b976cbaa94e5e4f8382207348c9ddb62ac369f4f8665f64589d802e1', 'Stack CREATE completed successfully', NULL, '622668a0-4837-4a77-9425-2ae470fd499c', '', '', '');
INSERT INTO public.operations VALUES ('d9c7cbcc-7fe4-44e5-a02d-39da99c393b8', '7d2e1caf-53bd-4b46-b57f-8a9962da3e54', 2, 'DELETE', 'DONE', '{}', '{}', 60, 10, 10, 12, 70, 'stack/default/web', 'chain-1', '', '\x01026b31760abc91cb891657246fccc9eb8b719902e0fbd4f80ad247a89b266c5d55147510760fdb9c81a45fcc0a041d6840ea671d46c574e473dca56f867734f45c5d', 'Stack DELETE completed successfully', NULL, '', '', '', '');
INSERT INTO public.operations VALUES ('d9aefc77-0d65-4ddc-93ea-0f4e16e856cb', 'c5ef9c6d-38b6-4ad4-b24e-3edfaa6f0eb0', 1, 'CREATE', 'RUNNING', '{}', '{}', 60, 1, 1.5, NULL, 61.5, 'stack/default/web', 'chain-1', '', '\x01026b3131df9e6a9e2f4012feef677b69be8e3804f44c2204d0a489a207b10d', '', NULL, 'd9aefc77-0d65-4ddc-93ea-0f4e16e856cb', '', '', '');
INSERT INTO public.resources VALUES (1, 'b03c7a4b-ee6d-48d9-8b96-fe2ab8904e9a', '7a51cff1-961d-470a-819c-9e5e2da2439e', 'below', 'Example::Thing', 'Example::Thing', false, '', '\x01026b31237fe56d53ec5f590062acddbcac01ccca64d4c9c7d9e1f0f785ca8babd1a5cdffb5650ef1e45ea9b9023b5810588ed352efdc20b873ff98a0099a', '[]', 'CREATE', 'COMPLETE', '\x01026b31176eb1165e046a7d70c8a2807be56c3654f16847e19b4bd4522d63aacdb282bede5e121d43e92c9420', 'id-below', '\x01026b31139bccaa3df01b1fdd3ea814c6d8ed61f0b584b0f7e183ee521cd15156c862533dce7c0340', '\x01026b310f29dc1dcf7aa2c9dd4567b485fd50bd2f1b821eb72c4ccf7989a92f1c8c05b9fadc70a5b862', NULL, NULL, NULL, 1, 2, 1, 1, 1, 1, 0, '07df9fdb-032d-40f3-af67-4857bfb29cd3.1', false, false, 0, '{"kind":"done","at":0.0,"key":"","error_class":"","changed":false,"replaced":false}', '07df9fdb-032d-40f3-af67-4857bfb29cd3.1', false, '', 0, NULL, NULL, 0, '07df9fdb-032d-40f3-af67-4857bfb29cd3', '', 0, '', NULL, NULL, 1, NULL);
INSERT INTO public.resources VALUES (2, 'b03c7a4b-ee6d-48d9-8b96-fe2ab8904e9a', 'bd343f9c-883b-4c4b-aa9e-ba0b182a4071', 'above', 'Example::Thing', 'Example::Thing', false, '', '\x01026b314ac0e6cd832d1b0de8cc46230d6b24e1237994ca9527cea6d42b16e92dbf75fa908a6066d4acefd74b285cffa6faeed7fe42468359c47f367986166ac4aa82fcdd5d', '[1]', 'CREATE', 'COMPLETE', '\x01026b31782c7b75a5398996fc260b8d682d8f72acc8c65b1a8ae8ccffde9ba778e8e11c74bdb4c94cc1fd1f48', 'id-above', '\x01026b31fda1383c5ff5c16548b8607b0c09797c0bfca80743fa5cbefcdf56184e8d905509a388121c', '\x01026b3159cb2917490e7f9baea391e770f0a235cd43499d5251e092a405d0a295a02b1ec45ada753e9b', NULL, NULL, NULL, 1, 2, 1, 1, 1, 1, 0, '07df9fdb-032d-40f3-af67-4857bfb29cd3.2', false, false, 0, '{"kind":"done","at":0.0,"key":"","error_class":"","changed":false,"replaced":false}', '07df9fdb-032d-40f3-af67-4857bfb29cd3.2', false, '', 0, NULL, NULL, 0, '07df9fdb-032d-40f3-af67-4857bfb29cd3', '', 0, '', NULL, NULL, 1, NULL);
INSERT INTO public.resources VALUES (5, 'c5ef9c6d-38b6-4ad4-b24e-3edfaa6f0eb0', '8e6b618d-e4bd-44ef-a8db-f3b4d99397bd', 'b', 'Example::Thing', 'Example::Thing', false, '', '\x01026b311d4805f528c57b80cafd194e7daa35e2929899e504117c5bd1fea404d095868f9cbee1cc197ddccd8910f211282e0c18151b5297153592dc2380949d16a6', '[4]', 'INIT', 'COMPLETE', '\x01026b31b5dc2e928063619c4761be6c9f04f67c72f3fc761de9946d5e1a1d6a', NULL, NULL, NULL, NULL, NULL, NULL, 1, 1, 0, 0, 0, 0, 0, '', false, false, 0, NULL, '', false, '', 0, NULL, NULL, 0, 'd9aefc77-0d65-4ddc-93ea-0f4e16e856cb', '', 0, '', NULL, NULL, 1, NULL);
INSERT INTO public.resources VALUES (4, 'c5ef9c6d-38b6-4ad4-b24e-3edfaa6f0eb0', '5899e0c1-c562-462f-8d49-72fbc8a2e4e4', 'a', 'Example::Thing', 'Example::Thing', false, '', '\x01026b31069a932fd60a6f42912496c58253a0acd472a1cff677c1c31b9bd90926df4a27c1c28bea34648225f72dedb0a105ea4627768daddafab5e5a4d2b5', '[]', 'CREATE', 'COMPLETE', '\x01026b3149c75c5510acdba92ef394bd7bdafb1c72939bee3b251689a3859f7fcc32e3ed8e79de0e0959428c1c', 'id-a', '\x01026b312a6b4ce5c6dbc4967339f0292188edce5103e6688d70dc9bac66ee65bd6db86123', '\x01026b311ccd54e446cde08980842f830269ce24cce044c5f36ac76194f56d7c17131045dd9fac2aa6ab', NULL, NULL, NULL, 1, 2, 1, 1, 1, 1, 0, 'd9aefc77-0d65-4ddc-93ea-0f4e16e856cb.4', false, false, 0, '{"kind":"done","at":0.0,"key":"","error_class":"","changed":false,"replaced":false}', 'd9aefc77-0d65-4ddc-93ea-0f4e16e856cb.4', false, '', 0, NULL, NULL, 0, 'd9aefc77-0d65-4ddc-93ea-0f4e16e856cb', '', 0, '', NULL, NULL, 1, NULL);
INSERT INTO public.stacks VALUES ('7d2e1caf-53bd-4b46-b57f-8a9962da3e54', 'default', 'gone', '\x01026b318f6acfb5f4e3d7df4a616ba60dbf2427896f472601791f6c939e060e', '', 'DELETE', 'COMPLETE', '\x01026b31850d5f9afea0f0a307c37dcf38b6b4ac3a30ba13f3f0594684e2ef7e65b07d44ceb1eedef77ad243088d906df113c63bc16bcd154a17d1b5d3597e79dd73a9', 1, 10, 12, NULL, true, '[]', '\x01026b3123075989a73dae6dbac1d9cec00febbfc2e91464615120e295eade9552f45110b5412752075fea243ddc', '\x01026b3104fee3db26a4f2b85b41ec79e138f4d31fa914798009cb166f9ef855', '\x01026b312727496f269e221f3029a80a60e614bf4f16638e56036a1ebeaa78508cf3', '\x01026b316bd10f66d63ce5559c53d58ffbc0db7ba102ee4a049ce55146619c7fce2e', '\x01026b31317ca9c93e8d90f5f0c0315cae7d4ee5064aafc36c9eb8d7f3f4ba513984', '\x01026b31f2c12f58f62df53c60911cef6e0af2f8ed5440babc3659adf2ea6193bb31', 0, 2, 8, '622668a0-4837-4a77-9425-2ae470fd499c', '', '622668a0-4837-4a77-9425-2ae470fd499c', NULL, NULL, '', 0, 1);
INSERT INTO public.stacks VALUES ('c5ef9c6d-38b6-4ad4-b24e-3edfaa6f0eb0', 'default', 'running', '\x01026b31f9acd7cb278b28f84cfc59c3ec305100927d862768150952050fbe7c', '', 'CREATE', 'IN_PROGRESS', '\x01026b31b59de8a332e69cfe219afbeb2d08b88d939fdf0cd4927bd35b2b88612ea149594e272c2a7047226e7de7af9e468f6df3', 1, NULL, NULL, NULL, true, '[]', '\x01026b31f64da23cd3aa851c33e2973a8055ced1c713ffdf028e6f2a08e9d6e425d7eb8b770c4321e68affe11110', '\x01026b31eb107afe7dc7256441d3971323f47896905e99e69d1fc7f9fd133573', '\x01026b31aabbf597d237995b0fc4b761d24f1c663f84a5d4e276eed6066b5ac239b4', '\x01026b31fba6b415479f8a00719c94a70dcfa5f7ca859667a7a87d8c6d419b8e85a6', '\x01026b31c4ec983e13ed58b12f0cf750b535ca4cd5f89e4c909507713864ee43342d', '\x01026b3115be79d316b1ddfad46588f43f5cb0026feabc37113eb644f40e64938b9e', 1, 1, 3, 'd9aefc77-0d65-4ddc-93ea-0f4e16e856cb', '', '', NULL, NULL, '', 0, 0);
INSERT INTO public.stacks VALUES ('b03c7a4b-ee6d-48d9-8b96-fe2ab8904e9a', 'default', 'made', '\x01026b313e6904b559ec02b3a4cb18810da0a0a0b06d833b67a2b6cde13ba838', '', 'CREATE', 'COMPLETE', '\x01026b31067f501069858a9722379d055449856600c6f3f00b339bd22f9709f184d4c7311123434c556ecec4cc995f38163e2206fcea85c6cd89485ee035f38476196f', 1, NULL, NULL, NULL, true, '[]', '\x01026b312dc946e747fdb1704d4a617988d3eb373935fa796d2c8bc1768b31691dcc3ed18e1771cc8f00d867ab50', '\x01026b31c1ce71e4834a15d199e074b77508479440049ef03738a16fec233fc9', '\x01026b3127fb8745f08af99d961ba93bbc76d75a1692f010321be9380e63f53ab40d', '\x01026b317f0dc527ee215d99cb2c1e4482b9f03dd258cf611989bd331b956b43a3fb', '\x01026b31867b945e7329c12bafc3d93747dcda7b38f63ca2ba6546df62427cc6b132', '\x01026b31cfd3dcf7bbecbb8b2dbd194a30ab78339a50ff7d313ae4c8540a1983259f', 0, 1, 6, '07df9fdb-032d-40f3-af67-4857bfb29cd3', '', '07df9fdb-032d-40f3-af67-4857bfb29cd3', NULL, NULL, '', 0, 0);
INSERT INTO public.targets VALUES ('07df9fdb-032d-40f3-af67-4857bfb29cd3', 'b03c7a4b-ee6d-48d9-8b96-fe2ab8904e9a', 1, '\x01026b3128fef197735e64b847673501c8edb695773a59ec21e46e42408b3a95', '\x01026b31a4cbcf4d7000102777a902b2f9695f33638730c36a182be569f71f78c266aa311a73f76b06d4760eab25', '\x01026b31f21e1084c56294a48999caf694e219233ac19dbb6d8b7b7a9709c921', '\x01026b31e9c0131a8cd242ade06a01a4bd7ad7bb58de0a257f17e3fe08e08e14efb6', '\x01026b317fa3d296125a8637dfb0d6b469f0973e525efa892103e3ab5617ad74d1da', '\x01026b31d99b850c313f40625ce39d33afc802c020ded10a6d3058b363c08e9e0039', '\x01026b316cd88c96129d4ef24996c7f1634df9ef11049ccc456b321dfb760f9dc3b2', '\x01026b31a134163cd999fd301f2171291e434edea4b253c64657fd43edf16a474fd6461ca59ba3548871a9f87f8fae8ddb1c48d7939721d8819f765e34ccca27959a96e13b62475a079adfbee604a961b71e9b6beea46017c2d1688623c89ceb70f406df08c322510cdd5abb6ed1664d4ef295956362c8eb860867ec5076680f856928a06ac0fb121804045781a43b4a6b6ba67348d1a058f94854b892a2463ca40de28dd9537b7d2a3816f10b681057a968e59cef3039ee921a5b4ca554fcb703c9a45d7fd34054c5d4f0a1ff1dbc98d1126215e7ff9daf4e8fde78937f040414c7f7fe938153e5b827a27b78a35e6499386535df6b7d230ce481cb1244bd28e13ba70cd6f4523bc3c2b3f799b173feb70bcca5c79dd9dbe019331950cdf23ed072f6880fc13ebc0ce4ad2ec6f8227b01607747bf7d712289b095cfc8189fa38e6595fe254b4b150cc4f56f494151462e231f4df6911ac06d655a360062ffdaea5d40d3eac8c0e1e1dbd58ef3c27a0998ecba2fec661b884eba22556692191a4a844f6ab93c73c6fced49dc10e572f430293e0d9792b8c5b7b3d3d4790462136cdff99c555dc8565b6f09893c314b3ac7');
INSERT INTO public.targets VALUES ('d9aefc77-0d65-4ddc-93ea-0f4e16e856cb', 'c5ef9c6d-38b6-4ad4-b24e-3edfaa6f0eb0', 1, '\x01026b31398f1d8d815c806eb3a222eb2010ca8cfb8b7ae222981d34b2f1f757', '\x01026b317051618fcd2b6e7dd879849d648d893001ea32aa6dcf307ceed5b03d5c2990fae2163dc3c730ec8f2cfd', '\x01026b31cefe6bafac8e91bc5575aafbb8b358c337176e6ad1eb4e1de77fafec', '\x01026b319085d9cab0d2c185f04c898e0967399c10c0688ff6b76e723f1c520cf0bb', '\x01026b31dca1c6ff059e5bad3ce725035168b567b705f92cc915926954df8054ffd1', '\x01026b31611102e0da2aa4907747945a1cf7ccfc81d2a9091062eacacd4ae6989c92', '\x01026b3196966ea1b2f11af8939c7e5ac176b731a945793068bb789edbf666e79b6a', '\x01026b310b415438a73d070baa6a9927cc3d7abd5d142a15f4fc4d115b118ba5cdfc183ba54306f0aa4c5f7b2f2b2b89043af58078aeab9ed345cca92a31c3649099cbdb75b383f5597da3be3e854fb8523db0ef9d9bedffd8361ef482ffc6748ff2c995aa9f54646b7a385758315b57024c36862c7f52860f9d183f08aa0180c8ebdc13e11207fa041f730a7dc77ae4fac39eb12379cffd80e8086dcc0cd755d05e24318253b8369d57296a4ef8bf25822498248fa9f8aa100eab46bab5ef54fc7a00e31e618b43e5dc5a9fb8755b56a87e9c5ae50d206dc6e13f7a7b1a98745e8bc7648818dcbaccd2b4ed7f2823db4d669d410a191836640ac4ecc99eece55d9c701685d9d79ba232efc4d0a712404dc3c430231cd1c0516f13695b49bf8c79bc8886e0ccef6a7ec16b18014dd42f839cfc9b92a694b8fdfea29159ed982445983d793c91e04e986ea1758d5eae0549ad23f0f7ce5fbc0786142566bf4f1eb65b82ae4a9b33167289404eb648b23bffc17e6323eb3c286b57efe41b21d2f6e5392876f8bcdd682f067850c3cb643e394cec8c3f2ce4a9444e501aadf1403d71');
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
CREATE UNIQUE INDEX uq_operations_running ON public.operations USING btree (stack_id) WHERE ((state)::text = 'RUNNING'::text);
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
